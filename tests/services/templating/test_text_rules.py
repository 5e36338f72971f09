import time

import pytest
from jinja2 import TemplateError

from services.templating.text_rules import FILTERS, FaultKind, faults, variables
from services.templating.text_sources import Source

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ code.__init__.__globals__ }}",
    "{{ self }}{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ config.items() }}",
    "{{ request['application'] }}",
    "{% include '../../app.py' %}",
    "{% extends 'en/code.sms.txt' %}",
    "{% import 'x' as x %}",
    "{% from 'x' import y %}",
    "{{ '%s' % code }}",
    "{{ '{0.__class__}'.format(code) }}",
    "{% set x = code %}{{ x }}",
    "{% macro m() %}{% endmacro %}{{ m() }}",
    "{% block b %}{% endblock %}",
    "{{ code|safe }}",
    "{{ code is mapping }}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a=1 %}{{ a }}{% endwith %}",
    "{{ {'a': 1} }}",
]
BOMBS = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{{ range(10**9)|list }}",
    "{{ 'a' * 10**9 }}",
    "{{ 9**9**9**9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ 'x'|replace('', 'x' ) }}",
    "{{ ('a' ~ 'a') }}",
    "{{ 1 + 1 }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "not " * 3000 + "code }}",
    "{{ " + " and ".join(["code"] * 3000) + " }}",
    "{% if code %}" * 300 + "x" + "{% endif %}" * 300,
    "{{ code }}" * 2000,
    "{{ " + "9" * 6000 + " }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_a_sandbox_escape_is_refused(source):
    assert {fault.kind for fault in faults("text", source)} == {FaultKind.FORBIDDEN}


@pytest.mark.parametrize("source", BOMBS, ids=range(len(BOMBS)))
def test_an_expensive_template_is_refused(source):
    kinds = {fault.kind for fault in faults("text", source)}
    assert kinds
    assert kinds <= {FaultKind.FORBIDDEN, FaultKind.COMPLEX, FaultKind.SYNTAX}


def test_a_mistake_is_reported_with_its_line():
    (fault,) = faults("text", "one\ntwo {{ code }\nthree")
    assert (fault.kind, fault.told["line"]) == (FaultKind.SYNTAX, 2)
    (fault,) = faults("text", "one\n\n{% for x in y %}{% endfor %}")
    assert fault.told["line"] == 3


def test_a_forbidden_construct_is_named():
    told = [fault.told["what"] for fault in faults("text", "{{ code.real }}\n{{ code|replace('a','b') }}")]
    assert told == [".", "|replace"]


@pytest.mark.parametrize("name", FILTERS)
def test_the_few_filters_work(name):
    assert faults("text", f"{{{{ code|{name} }}}}") == []
    assert Source(f"{{{{ code|{name} }}}}").version().render({"code": "12 "}).text


def test_conditions_may_choose_words():
    source = '{{ minutes }} minute{{ "" if minutes|int == 1 else "s" }}{% if vip in ("a", "b") %}!{% endif %}'
    assert faults("text", source) == []
    assert variables(source) == {"minutes", "vip"}
    assert Source(source).version().render({"minutes": 1, "vip": "a"}).text == "1 minute!"


def test_a_value_of_another_kind_fails_as_a_template_does():
    with pytest.raises(TemplateError):
        Source("{{ minutes|length }}").version().render({"minutes": 5})
    with pytest.raises(TemplateError):
        Source("{{ code }}").version().render({})


def test_a_value_is_never_read_as_a_template():
    assert Source("{{ title }}").version().render({"title": "{{ 7 }}"}).text == "{{ 7 }}"


def test_values_are_text_even_in_html():
    source = Source("t", subject="s", html='<b title="{{ x }}">{{ x }}</b>')
    assert (
        source.version().render({"x": '"<script>'}).html
        == '<b title="&#34;&lt;script&gt;">&#34;&lt;script&gt;</b>'
    )


def test_the_largest_text_that_is_allowed_is_rendered_or_refused_at_once():
    source = Source("{{ a }}" * 450)
    assert faults("text", source.text) == []
    started = time.process_time()
    with pytest.raises(TemplateError, match="too long"):
        source.version().render({"a": "x" * 2000})
    assert time.process_time() - started < 5

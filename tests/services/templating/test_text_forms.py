"""A filled-in form equals the text that Jinja renders."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, Template, UndefinedError, meta
from markupsafe import escape

from services.templating.text_forms import Form, printed_only

PLAIN, HTML = (Environment(undefined=StrictUndefined, autoescape=escapes) for escapes in (False, True))


def form(source: str, *, escapes: bool = False) -> Form:
    tree = PLAIN.parse(source)
    template = (HTML if escapes else PLAIN).from_string(source)
    variables = frozenset(meta.find_undeclared_variables(tree))
    return Form(template, variables, printed_only([tree]), escape if escapes else None)


@cache
def template(source: str, escapes: bool) -> Template:
    return (HTML if escapes else PLAIN).from_string(source)


def rendered(source: str, params: Mapping[str, Any], *, escapes: bool = False) -> str:
    return template(source, escapes).render(params)


SOURCES = (
    "{{ code }}",
    "{{ name }}: {{ code }}, {{ code }} for {{ minutes }} minute{{ '' if minutes|int == 1 else 's' }}",
    "{% if name %}Dear {{ name }}, {% endif %}your code is {{ code }}",
    "{{ name|upper }} {{ name }} {{ code }}",
    "{% set code = name %}{{ code }}",
    "{% set shown %}{{ code }}{% endset %}{{ shown|length }}{{ name }}",
    "{% filter upper %}{{ code }}{% endfilter %}{{ name }}",
    "{% for code in name %}{{ code }}{% endfor %}",
    "{{ code ~ name }}",
)
VALUES = st.text(max_size=12)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@given(messages=st.lists(st.tuples(VALUES, VALUES, st.integers(0, 3)), min_size=2, max_size=4))
def test_a_filled_in_form_equals_what_jinja_renders(
    source: str, messages: list[tuple[str, str, int]]
) -> None:
    for escapes in (False, True):
        made = form(source, escapes=escapes)
        for code, name, minutes in messages:
            params = {"code": code, "name": name, "minutes": minutes}
            assert made.fill(params) == rendered(source, params, escapes=escapes)


def test_a_name_is_only_printed_where_every_use_of_it_prints_it() -> None:
    tree = PLAIN.parse("{{ code }}{{ name }}{% if name %}!{% endif %}{{ minutes|int }}")
    assert printed_only([tree]) == {"code"}


def test_a_missing_parameter_is_refused_each_time() -> None:
    made = form("{{ code }} {{ name|upper }}")
    for params in ({"code": "1"}, {"name": "x"}, {}):
        with pytest.raises(UndefinedError):
            made.fill(params)
    assert made.fill({"code": "1", "name": "x"}) == "1 X"


def test_one_form_serves_all_codes_and_stores_none() -> None:
    made = form("{{ name|upper }}: {{ code }}")
    for code in ("123456", "654321"):
        assert made.fill({"code": code, "name": "acme"}) == f"ACME: {code}"
    found = made._parts.cache_info()
    assert (found.misses, found.hits) == (1, 1)
    assert not {"123456", "654321"} & set(made._parts((("name", "acme"),)))

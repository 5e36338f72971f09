import pytest
from jinja2 import TemplateError

from domain.provider_templates import ProviderTemplate
from domain.template_keys import parse
from services.templating.text_previews import Line, differences, preview
from services.templating.text_sources import Source

pytestmark = pytest.mark.usefixtures("context")
MAIL = parse("offer.email.en")


def test_an_sms_is_shown_with_its_last_line_and_its_segments():
    shown = preview(parse("code.sms.en"), Source("{{ minutes }} min", host="a.example"))
    assert shown.said.text == "5 min\n@a.example #012345"
    assert (shown.segments.count, shown.segments.units) == (1, 24)
    assert shown.to_type == {}


def test_unknown_names_show_themselves_until_values_are_typed():
    source = Source("Hi {{ name }} of {{ service }}", "S")
    assert preview(MAIL, source).said.text == "Hi name of Sendcode\n"
    typed = preview(MAIL, source, {"name": "Kim", "service": "no", "other": "x"})
    assert typed.said.text == "Hi Kim of no\n"
    assert typed.to_type == {"name": "Kim"}
    assert typed.segments is None


def test_a_mail_is_shown_with_a_link_to_unsubscribe():
    assert "/unsubscribe/" in preview(MAIL, Source("{{ unsubscribe_url }}", "S")).said.text


def test_values_that_do_not_fit_are_an_error():
    with pytest.raises(TemplateError):
        preview(MAIL, Source("{% if count|int > x %}a{% endif %}", "S"), {"count": "1", "x": "y"})


def test_only_the_parts_that_differ_are_compared_line_by_line():
    old = Source("one\ntwo\nthree", "S", providers={"a": ProviderTemplate("1", (("x", "code"),), "Acme")})
    new = Source("one\n2\nthree\nfour", "S", host="a.example")
    assert differences(old, new) == {
        "text": [Line(" ", "one"), Line("-", "two"), Line("+", "2"), Line(" ", "three"), Line("+", "four")],
        "host": [Line("+", "a.example")],
        "providers": [Line("-", "a: 1, Acme, code")],
    }
    assert differences(old, old) == {}

"""Placeholders in callers' texts."""

import pytest

from domain.placeholders import fill, names, stray


def test_names_are_found_in_all_texts_with_and_without_spaces():
    assert names("{{ a }} {{b}}", None, "<p>{{ c_1 }}</p>") == {"a", "b", "c_1"}


@pytest.mark.parametrize(
    "text", ["{{ 7*7 }}", "{{ a.b }}", "{{ a|upper }}", "{% for x in y %}", "{{ }}", "{a}", "{{ a"]
)
def test_only_names_are_placeholders(text):
    assert names(text) == frozenset()
    assert fill(text, {}) == text


def test_values_are_filled_in_once_and_not_expanded_again():
    assert fill("{{ a }}-{{ b }}", {"a": "{{ b }}", "b": "x"}) == "{{ b }}-x"


def test_a_value_is_text_in_html_too():
    assert fill("<b>{{ a }}</b>", {"a": '<script>&"'}, is_html=True) == "<b>&lt;script&gt;&amp;&quot;</b>"


def test_a_missing_value_is_an_error():
    with pytest.raises(KeyError):
        fill("{{ a }}", {})


@pytest.mark.parametrize(
    "text", ["{{\u00a0a }}", "{{ a\u3000}}", "{{\u200ba\u202f}}", "{{\ta\n}}", "{{\ufeffa}}", "{{\u2060 a}}"]
)
def test_any_white_space_inside_the_braces_is_understood(text):
    assert names(text) == {"a"}
    assert fill(text, {"a": "x"}) == "x"
    assert stray(text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hi {{ first name }}, hello", "{{ first name }}, he"),
        ("{{ a.b }}", "{{ a.b }}"),
        ("{{ a", "{{ a"),
        ("{{}}", "{{}}"),
        ("{{ a } }", "{{ a } }"),
        ("{{ a }} {{ 7*7 }}", "{{ 7*7 }}"),
    ],
)
def test_braces_that_are_no_placeholder_are_found(text, told):
    assert stray(text) == told


@pytest.mark.parametrize("text", ["{a}", "{ { a }}", "}}", "@media{.a{color:red}}", "{{{ a }}}"])
def test_other_braces_are_text(text):
    assert stray(text) is None

"""Markdown of a mail: the HTML and the plain text made of it, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateRuntimeError

from services.templating import text_rules
from services.templating.mails import conversion
from services.templating.text_rules import FaultKind
from services.templating.text_sources import Source


def said(markdown, **params):
    version = Source(markdown, "Subject", is_markdown=True).version()
    return version.render({"service": "Acme", **params})


def body(markdown, **params):
    """Return the HTML without the page, its styles and its classes."""
    html = said(markdown, **params).html
    inside = html.partition("Acme</p>\n")[2].partition("\n</td>")[0]
    return re.sub(r' (?:style|class)="[^"]*"', "", inside)


@pytest.mark.parametrize(
    ("markdown", "html", "text"),
    [
        ("# Hello", "<h1>Hello</h1>", "Hello\n"),
        ("###### Small", "<h3>Small</h3>", "Small\n"),
        ("one\ntwo", "<p>one<br>two</p>", "one\ntwo\n"),
        ("**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>", "bold and soft\n"),
        ("- a\n- b", "<ul><li>a</li>\n<li>b</li>\n</ul>", "- a\n- b\n"),
        ("3. a\n4. b", '<ol start="3"><li>a</li>\n<li>b</li>\n</ol>', "3. a\n4. b\n"),
        ("- a\n  - b", "<ul><li>a<ul><li>b</li>\n</ul>\n</li>\n</ul>", "- a\n  - b\n"),
        ("> said\n> so", "<blockquote><p>said<br>so</p>\n</blockquote>", "> said\n> so\n"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>", f"a\n\n{'-' * 20}\n\nb\n"),
        ("```\nx = 1\n```", "<pre>x = 1</pre>", "x = 1\n"),
        ("a `b` c", "<p>a <code>b</code> c</p>", "a b c\n"),
        (
            "[us](https://a.example/)",
            '<p><a href="https://a.example/">us</a></p>',
            "us: https://a.example/\n",
        ),
        (
            "<https://a.example>",
            '<p><a href="https://a.example">https://a.example</a></p>',
            "https://a.example\n",
        ),
        (
            "[write](mailto:a@b.example)",
            '<p><a href="mailto:a@b.example">write</a></p>',
            "write: a@b.example\n",
        ),
        ("<b>&amp;</b>", "<p>&lt;b&gt;&amp;&lt;/b&gt;</p>", "<b>&</b>\n"),
        ("\\{\\{ 1 }}", "<p>&#123;&#123; 1 }}</p>", "{{ 1 }}\n"),
        ("{% raw %}{{ x }}{% endraw %}", "<p>&#123;&#123; x }}</p>", "{{ x }}\n"),
        ("a{# nobody reads it #}b", "<p>ab</p>", "ab\n"),
    ],
)
def test_one_source_makes_html_and_plain_text(markdown, html, text):
    assert body(markdown) == html
    assert said(markdown).text.lstrip() == text


def test_a_value_is_never_read_as_markdown_or_html():
    value = "**x** [y](javascript:z) <b>"
    shown = said("Dear {{ name }}", name=value)
    assert shown.text == f"Dear {value}\n"
    assert "Dear **x** [y](javascript:z) &lt;b&gt;" in shown.html


def test_names_with_underscores_and_values_in_emphasis_stay_whole():
    assert body("_{{ a_b }}_ **{{ _c }}**", a_b="1", _c="2") == "<p><em>1</em> <strong>2</strong></p>"


@pytest.mark.parametrize("is_vip", [True, False])
def test_conditions_hold_words_or_whole_paragraphs(is_vip):
    markdown = (
        "Hi{% if vip %} you{% endif %}\nthere\n\n{% if vip %}\n- gift\n{% else %}\nNothing.\n{% endif %}\nBye"
    )
    vip = "yes" if is_vip else ""
    middle = "<ul><li>gift</li>\n</ul>" if is_vip else "<p>Nothing.</p>"
    you = " you" if is_vip else ""
    assert body(markdown, vip=vip) == f"<p>Hi{you}<br>there</p>\n{middle}\n<p>Bye</p>"
    assert said(markdown, vip=vip).text == f"Hi{you}\nthere\n\n{'- gift' if is_vip else 'Nothing.'}\n\nBye\n"


def test_tags_that_trim_the_space_around_them_still_do():
    assert said("a {{- b -}} \n c {%- if b -%}\u00a0 d {%- endif %} e", b="B").text == "aBcd e\n"


def test_a_code_alone_is_large_and_a_bold_link_alone_is_a_button():
    shown = said("`{{ code }}`\n\n**[Confirm]({{ link }})**", code="0123", link="https://a.example/?t=1&u=2")
    assert shown.text == "    0123\n\nConfirm: https://a.example/?t=1&u=2\n"
    assert "font-size:32px" in shown.html
    assert '<a href="https://a.example/?t=1&amp;u=2" class="button"' in shown.html
    assert 'class="button"' not in said("Then **[confirm]({{ link }})**", link="https://a.example").html


def test_a_link_shown_as_its_own_address_is_said_once():
    assert said("[{{ link }}]({{ link }})", link="https://a.example").text == "https://a.example\n"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", " https://a.example", "/path"])
def test_a_value_that_is_no_link_is_refused_where_it_would_be_one(link):
    with pytest.raises(TemplateRuntimeError, match="link is no link"):
        said("[Go]({{ link }})", link=link)
    assert said("Go to {{ link }}", link=link).html


def test_an_empty_value_may_be_a_link():
    assert said("[Go]({{ link }})", link="").html


@pytest.mark.parametrize(
    ("markdown", "kind"),
    [
        ("[x](javascript:alert(1))", FaultKind.LINK),
        ("[x](/relative)", FaultKind.LINK),
        ("<ftp://a.example>", FaultKind.LINK),
        ("[x]({{ a if b else c }})", FaultKind.LINK),
        ("[x](https://a.example/{% if a %}b{% endif %})", FaultKind.LINK),
        ("![x](https://a.example/x.png)", FaultKind.PICTURE),
        ("# {% if a %}t\n\nb{% endif %}", FaultKind.CROSSED),
        ("{% if a %}**x{% endif %}**", FaultKind.CROSSED),
        ("{% if a %}\n- b\n\n- c {% endif %}", FaultKind.CROSSED),
        ("{% if a %}x{% else %}\n\ny{% endif %}", FaultKind.CROSSED),
    ],
)
def test_what_makes_no_good_mail_is_refused(markdown, kind):
    assert [fault.kind for fault in conversion.faults(markdown)] == [kind]


@pytest.mark.parametrize(
    "markdown",
    [
        "[x](https://a.example/{{ id }}?q={{ b if c else d }})",
        "[x]({{ link }})",
        "[x](MAILTO:a@b.example)",
        "a {% if a %}**x**{% elif b %}`y`{% else %}*z*{% endif %}",
        "{% if a %}\n{% if b %}\n# x\n{% endif %}\ny\n{% endif %}",
        ">" * 300 + "deep",
        "* " * 300 + "deep",
    ],
)
def test_what_makes_a_good_mail_is_taken(markdown):
    assert conversion.faults(markdown) == []


PIECES = (
    *(
        "{{ a }}",
        "{{ link }}",
        "{% if a %}",
        "{% else %}",
        "{% endif %}",
        "{# c #}",
        "{%- if a -%}",
        "{{- a -}}",
    ),
    *(
        "{% raw %}{{ z }}{% endraw %}",
        "# ",
        "- ",
        "1. ",
        "> ",
        "**",
        "_",
        "`",
        "```\n",
        "    ",
        "\n",
        "\n\n",
        "[x](",
    ),
    *(
        "https://e.example/",
        ")",
        "](",
        "<https://e.example/{{ a }}>",
        "---\n",
        "text",
        "&amp;",
        "<b>",
        "\\",
        "{",
        "}",
    ),
    *("{\\{", "%", "[r]: https://q.example\n", "[r]", "&#123;&#123; a }}", "\u00a0", "==="),
)


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", "<v>&\"'**x**\n{{ a }}"]))
def test_whatever_has_no_fault_is_rendered_and_lets_no_value_through(pieces, value):
    markdown = "".join(pieces)
    if text_rules.faults("text", markdown) or conversion.faults(markdown):
        return
    shown = said(markdown, a=value, link='https://e.example/<v>"')
    assert "<v>" not in shown.html
    assert "<b>" not in shown.html

"""The editor of a mail: Markdown or HTML of one's own, its preview in both colour schemes, values and languages."""

import html

import pytest

from cms.templating.mail_frames import in_scheme
from domain.template_keys import parse
from services.audit.trail import COMMAND_LINE
from services.templating import template_views, templates
from services.templating.text_sources import Source

MAIL = "/cms/templates/offer.email.en"
MARKDOWN = {
    "text": "# Hi {{ name }}\n\n[Look]({{ link }})",
    "subject": "Offer",
    "format": "markdown",
    "base": "0",
}


def save(visitor, **fields):
    return visitor.submit(f"{MAIL}/edit", page=f"{MAIL}/edit", **{**MARKDOWN, **fields})


def chosen(page):
    """Return the value of the format that a page has chosen."""
    found = [part for part in page.split('<input type="radio" name="format" ')[1:] if " checked" in part[:30]]
    return found[0].split('"')[1]


def test_a_new_mail_is_written_in_markdown_and_one_of_ours_is_not(signed_in):
    assert chosen(signed_in.get(f"{MAIL}/edit").text) == "markdown"
    assert chosen(signed_in.get("/cms/templates/code.email.en/edit").text) == ""
    assert 'name="format"' not in signed_in.get("/cms/templates/code.sms.en/edit").text


def test_a_mail_is_saved_as_markdown_with_words_about_the_change(app, signed_in):
    answer = save(signed_in, comment="Legal has seen it")
    assert answer.location == f"{MAIL}/versions/1"
    page = signed_in.get(answer.location).text
    assert "Legal has seen it" in page
    assert "<dt>Markdown</dt>" in page
    assert "Legal has seen it" in signed_in.get(MAIL).text
    with app.app_context():
        assert template_views.text(parse("offer.email.en")).versions[0].source.is_markdown
    assert chosen(signed_in.get(f"{MAIL}/edit").text) == "markdown"


def test_words_about_a_change_that_are_too_long_are_refused_and_kept(signed_in):
    answer = save(signed_in, comment="x" * 201)
    assert answer.status_code == 422
    assert "at most 200 characters" in answer.text
    assert "x" * 201 in answer.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[Look](/here)", "“/here” can't be the address of a link."),
        ("![](https://a.example/x.png)", "has no pictures"),
        ("{% if a %}**x{% endif %}**", "An if must end where it began"),
    ],
)
def test_what_markdown_forbids_is_said_beside_the_text(signed_in, text, told):
    page = html.unescape(save(signed_in, text=text).text)
    assert told in page.split('id="text-error"')[1].split("</p>")[0]


def test_the_preview_has_the_html_in_a_frame_and_the_plain_text(signed_in):
    page = signed_in.submit(f"{MAIL}/preview", **MARKDOWN).text
    assert 'name="mail"' in page
    assert "Hi name\n\nLook: https://example.org/link\n" in page
    dark = signed_in.submit(f"{MAIL}/preview/mail", **MARKDOWN, scheme="dark").text
    light = signed_in.submit(f"{MAIL}/preview/mail", **MARKDOWN, scheme="light").text
    assert "@media (min-width: 0)" in dark
    assert "@media (max-width: 0)" in light
    assert "prefers-color-scheme" not in dark + light


def test_a_colour_scheme_is_answered_in_any_media_query():
    sheet = "@media screen and (prefers-color-scheme:dark) {} @media (PREFERS-COLOR-SCHEME: light) {}"
    assert in_scheme(sheet, "dark") == "@media screen and (min-width: 0) {} @media (max-width: 0) {}"
    assert in_scheme(sheet, "light") == "@media screen and (max-width: 0) {} @media (min-width: 0) {}"
    assert in_scheme(sheet, "sepia") == sheet


def test_all_sample_values_can_be_typed(signed_in):
    typed = {"sample-name": "Kim", "sample-service": "Acme", "sample-link": "https://b.example"}
    page = signed_in.submit(f"{MAIL}/preview", **MARKDOWN, **typed).text
    assert "Hi Kim\n\nLook: https://b.example\n" in page
    assert 'name="sample-service" value="Acme"' in page
    sms = {"text": '{{ code }} {{ "one" if minutes == 1 else "some" }}', "base": "0"}
    page = signed_in.submit("/cms/templates/code.sms.en/preview", **sms, **{"sample-minutes": "1"}).text
    assert "012345 one" in page


def test_sample_values_that_do_not_fit_are_kept_and_explained(signed_in):
    page = signed_in.submit(f"{MAIL}/preview", **MARKDOWN, **{"sample-link": "javascript:x"}).text
    assert "filled in with these sample values" in html.unescape(page)
    assert 'name="sample-link" value="javascript:x"' in page


def test_an_author_sees_the_other_languages_and_the_values_they_use(app, signed_in):
    with app.app_context():
        key = parse("offer.email.de")
        templates.save(key, Source("Hallo {{ first_name }}", "Angebot {{ number }}"), base=0, by=COMMAND_LINE)
    page = signed_in.get(f"{MAIL}/edit").text
    other = page.split("In other languages")[1]
    assert "Hallo {{ first_name }}" in other
    assert "Angebot {{ number }}" in other
    for name in ("first_name", "number", "service", "unsubscribe_url"):
        assert f'data-insert="{{{{ {name} }}}}"' in page


def test_all_languages_of_a_text_are_side_by_side(app, signed_in):
    with app.app_context():
        key = parse("code.sms.fr")
        templates.save(key, Source("Code {{ code }} de {{ service }}"), base=0, by=COMMAND_LINE)
    page = signed_in.get("/cms/templates/code.sms.de/languages").text
    for words in ("012345", "Ihr Code lautet 012345", "Code 012345 de Sendcode", "您的验证码"):
        assert words in page
    assert "Not sent" in page.split("Code 012345 de")[0].rsplit("<section", 1)[1]
    assert 'href="/cms/templates/code.sms.de/languages"' in signed_in.get("/cms/templates/code.sms.de").text
    assert signed_in.get("/cms/templates/nothing.sms.en/languages").status_code == 404


def test_the_values_of_a_code_can_be_inserted(signed_in):
    page = signed_in.get("/cms/templates/code.sms.de/edit").text
    inserted = [part.split('"')[0] for part in page.split('data-insert="')[1:]]
    assert inserted == ["{{ code }}", "{{ minutes }}", "{{ service }}"]
    assert "your code is {{ code }}" in page.split("In other languages")[1]

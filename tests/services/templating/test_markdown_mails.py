"""Mails whose text is Markdown, from the editor to the gateway."""

import pytest

from domain.errors import InvalidInput
from domain.statuses import Channel
from domain.template_keys import parse
from exts import db
from models import TemplateVersion
from services.audit.trail import Actor
from services.codes import verifications
from services.messaging import messages
from services.templating import template_views, templates, text_checks, text_previews
from services.templating.text_checks import BadText
from services.templating.text_rules import FaultKind
from services.templating.text_sources import Source

pytestmark = pytest.mark.usefixtures("context")
BY = Actor(7, "kim@example.org", "192.0.2.1")
OFFER = parse("offer.email.de")
CODE = parse("code.email.en")


def markdown(text, subject="For you"):
    return Source(text, subject, is_markdown=True)


def publish(key, source, **fields):
    number = templates.save(key, source, base=template_views.text(key).newest, by=BY, **fields)
    templates.publish(key, number, by=BY)


def send(owner, **params):
    request = messages.Request(Channel.EMAIL, "a@example.org", template="offer", params=params, locale="de")
    return messages.send(request, owner)


def test_a_notice_goes_out_as_html_and_plain_text(owner, mails):
    publish(OFFER, markdown("# Hi {{ name }}\n\n**[Look]({{ link }})**"))
    send(owner, name="<b>Kim", link="https://a.example/1")
    sent = mails.sent[-1]
    assert sent.text == "Hi <b>Kim\n\nLook: https://a.example/1\n"
    assert '<html lang="de">' in sent.html
    assert ">Hi &lt;b&gt;Kim</h1>" in sent.html
    assert ">Sendcode</p>" in sent.html


def test_a_code_is_in_both(owner, mails):
    publish(CODE, markdown("Your code:\n\n`{{ code }}`"))
    verifications.issue(verifications.Request(Channel.EMAIL, "a@example.org"), owner)
    code = mails.sent[-1].params["code"]
    assert mails.sent[-1].text == f"Your code:\n\n    {code}\n"
    assert f">{code}</p>" in mails.sent[-1].html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "x" * 500])
def test_a_call_with_a_value_that_is_no_link_is_refused(owner, mails, link):
    publish(OFFER, markdown("[Look]({{ link }})"))
    with pytest.raises(InvalidInput, match=r"link must begin with https://"):
        send(owner, link=link)
    assert mails.sent == []


def test_a_call_that_leaves_out_a_value_is_refused(owner):
    publish(OFFER, markdown("[{{ words }}]({{ link }})"))
    with pytest.raises(InvalidInput, match="lacks"):
        send(owner, words="Look")


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (markdown("[{{ code }}](javascript:x)"), [("text", FaultKind.LINK)]),
        (markdown("{{ code }} ![](https://a.example/x.png)"), [("text", FaultKind.PICTURE)]),
        (markdown("{% if minutes %}**{{ code }}{% endif %}**"), [("text", FaultKind.CROSSED)]),
        (markdown("{{ code"), [("text", FaultKind.SYNTAX)]),
        (markdown("nothing"), [("text", FaultKind.MISSING)]),
        (markdown("[Go](https://a.example/{{ code }})"), []),
    ],
)
def test_what_is_wrong_is_found_when_it_is_saved(source, wrong):
    assert [(fault.part, fault.kind) for fault in text_checks.faults(CODE, source)] == wrong


def test_a_preview_fills_links_with_an_address():
    shown = text_previews.preview(OFFER, markdown("[Look]({{ link }}) {{ name }}"))
    assert shown.said.text == "Look: https://example.org/link name\n"
    typed = {"link": "https://b.example", "name": "Kim"}
    assert "b.example" in text_previews.preview(OFFER, markdown("[Look]({{ link }})"), typed).said.text


def test_html_of_ones_own_and_markdown_exclude_each_other():
    templates.save(OFFER, Source("Hi", "s", "<p>Hi</p>", is_markdown=True), base=0, by=BY)
    assert template_views.text(OFFER).versions[0].source == Source("Hi", "s", is_markdown=True)
    templates.save(parse("offer.sms.de"), Source("Hi", is_markdown=True), base=0, by=BY)
    assert template_views.text(parse("offer.sms.de")).versions[0].source == Source("Hi")


def test_a_version_of_an_older_release_is_plain_text(owner, mails):
    publish(OFFER, Source("**Hi**", "s"))
    db.session.execute(db.update(TemplateVersion).values(is_markdown=None))
    db.session.commit()
    send(owner)
    assert (mails.sent[-1].text, mails.sent[-1].html) == ("**Hi**\n", None)
    assert template_views.text(OFFER).versions[0].source == Source("**Hi**", "s")


def test_a_version_keeps_the_words_about_its_change():
    publish(OFFER, markdown("Hi"), comment="  shorter,\n as legal asked ")
    publish(OFFER, markdown("Hello"))
    assert [one.comment for one in template_views.text(OFFER).versions] == [None, "shorter, as legal asked"]
    for comment in ("x" * 201, "a\0b"):
        with pytest.raises(BadText) as caught:
            templates.save(OFFER, markdown("Other"), base=2, by=BY, comment=comment)
        assert [fault.part for fault in caught.value.faults] == ["comment"]

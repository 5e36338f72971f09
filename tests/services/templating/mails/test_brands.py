"""The brand of mails: changing it, its logo, and when mails get it."""

import struct
import zlib

import pytest
from sqlalchemy import event, select

from domain.brand import PLAIN, Brand, Logo
from domain.errors import InvalidInput, NotFound
from domain.statuses import Channel
from domain.template_keys import parse
from exts import db
from models import AuditEntry
from services.audit.trail import Actor
from services.codes import verifications
from services.codes.verifications import Request
from services.languages.locales import LOCALES
from services.messaging import messages
from services.process.parts import part
from services.templating import templates, texts
from services.templating.mails import brands
from services.templating.text_sources import Source
from services.templating.text_versions import BRAND_SECONDS, TextVersions

pytestmark = pytest.mark.usefixtures("context")
BY = Actor(7, "kim@example.org", "192.0.2.1")


def png(width=480, height=96):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress(b"\0" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def change(colour="#aa3300", footer="", picture=None, keeps_logo=True):
    brands.change(colour, footer, picture=picture, keeps_logo=keeps_logo, by=BY)


def publish():
    key = parse("offer.email.en")
    templates.save(key, Source("**[Go](https://a.example)**", "S", is_markdown=True), base=0, by=BY)
    templates.publish(key, 1, by=BY)


def send(owner, mails):
    messages.send(messages.Request(Channel.EMAIL, "a@example.org", template="offer"), owner)
    return mails.sent[-1].html


@pytest.fixture
def settings(settings):
    return {**settings, "PUBLIC_URL": "https://codes.example/base/"}


def test_without_a_change_the_brand_is_plain():
    assert brands.current() == PLAIN


def test_a_brand_is_kept_with_its_logo():
    change("  #AA3300 ", "Acme\r\nStreet 1\n", png())
    found = brands.current()
    assert (found.colour, found.footer) == ("#aa3300", "Acme\nStreet 1")
    assert (found.logo.width, found.logo.height) == (480, 96)
    assert found.logo.shown == (240, 48)
    assert brands.picture(found.logo.name) == png()
    change("#aa3300", "Other")
    assert brands.current().logo == found.logo
    change("#aa3300", "Other", keeps_logo=False)
    assert brands.current() == Brand("#aa3300", "Other")
    assert brands.picture(found.logo.name) == png(), "mails that were sent still show it"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"colour": "#12345"}, "colour"),
        ({"colour": '#aa3300;"'}, "colour"),
        ({"footer": "x" * 501}, "footer"),
        ({"footer": "a\0b"}, "footer"),
        ({"picture": b"<svg/>"}, "logo"),
        ({"picture": b"\x89PNG\r\n\x1a\n"}, "logo"),
        ({"picture": png(0, 5)}, "logo"),
        ({"picture": png() + b"<script>"}, "logo"),
        ({"picture": png()[:-12] + b"\0" * 50_000 + png()[-12:]}, "logo"),
    ],
)
def test_what_makes_no_brand_is_refused(fields, field):
    with pytest.raises(InvalidInput) as caught:
        change(**fields)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert brands.current() == PLAIN


def test_a_name_of_no_picture_is_not_found():
    with pytest.raises(NotFound):
        brands.picture("0" * 32)


def test_small_logos_stay_small():
    assert Logo("a", 30, 20).shown == (30, 20)
    assert Logo("a", 5000, 1).shown == (240, 1)


def test_a_change_is_audited_and_no_change_is_not():
    change(footer="Acme")
    change(footer="Acme")
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "brand.changed")).all()
    assert entry.before == {"colour": PLAIN.colour, "footer": "", "logo": ""}
    assert entry.after == {"colour": "#aa3300", "footer": "Acme", "logo": ""}


def test_mails_get_the_brand_within_seconds(owner, mails):
    publish()
    change("#aa3300", "Acme <GmbH>", png())
    html = send(owner, mails)
    name = brands.current().logo.name
    assert (
        f'<img src="https://codes.example/base/brand/{name}.png" width="240" height="48" alt="Sendcode"'
        in html
    )
    assert "background:#aa3300;color:#ffffff" in html
    assert "Acme &lt;GmbH&gt;</p>" in html
    change("#ffd400", keeps_logo=False)
    part(TextVersions)._brand_until = 0.0
    html = send(owner, mails)
    assert "background:#ffd400;color:#000000" in html
    assert "<img" not in html


def test_the_brand_is_read_once_in_some_seconds_and_only_for_mails_that_show_it(owner, mails, sms):
    publish()
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    messages.send(
        messages.Request(Channel.SMS, "+8613800138000", template="notice", params={"text": "x"}), owner
    )
    assert not [one for one in statements if "mail_brand" in one]
    for _ in range(3):
        send(owner, mails)
    assert len([one for one in statements if "mail_brand" in one]) <= 1
    assert BRAND_SECONDS >= 1


@pytest.mark.parametrize("locale", LOCALES)
def test_our_own_mails_with_a_code_have_it_too(owner, mails, locale):
    change("#aa3300", "Acme <GmbH>", png())
    verifications.issue(Request(Channel.EMAIL, "a@example.org", locale=locale), owner)
    html = mails.sent[-1].html
    name = brands.current().logo.name
    assert f'/brand/{name}.png" width="240" height="48" alt="Sendcode"' in html
    assert html.count("Acme &lt;GmbH&gt;</p>\n</td></tr></table>") == 1
    assert html.index("Sendcode") < html.index(mails.sent[-1].params["code"]) < html.index("Acme")


def test_without_a_brand_a_mail_with_a_code_is_as_it_is_shipped(owner, mails):
    verifications.issue(Request(Channel.EMAIL, "a@example.org"), owner)
    sent = mails.sent[-1]
    assert sent.html == texts.render("code", Channel.EMAIL, "en", dict(sent.params)).html

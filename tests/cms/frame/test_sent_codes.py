"""What pages say of a code on its way, from the click until a gateway accepted it."""

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from exts import db
from models import Administrator
from services.audit.trail import Actor
from services.gateways import gateway_switches
from services.people import invitations
from services.process import parts
from tests.cms.conftest import EMAIL, Visitor

NEW = "jane.doe@example.net"
SENT, ON_ITS_WAY = f"Code sent to {NEW}.", f"The code to {NEW} is on its way. It is good for 5 minutes."


def state_of(page: str) -> str:
    """Return the part that says how far the code is, without its markup."""
    found = re.search(r'<div id="(?:email-|phone-)?sent" data-announce(.*?)</div>', page, re.DOTALL)
    assert found, "no code is mentioned"
    return html.unescape(" ".join(re.sub(r"<[^>]+>|^[^>]*>", " ", found[1]).split()))


@pytest.fixture
def page(signed_in: Visitor) -> Callable[[], str]:
    """Send a code to a new address, and return the page that follows."""

    def send() -> str:
        signed_in.submit("/cms/account/email/send", email=NEW)
        return signed_in.get("/cms/account").text

    return send


def test_a_code_is_called_sent_once_a_gateway_accepted_it(page: Callable[[], str]) -> None:
    text = page()
    assert state_of(text).startswith(SENT)
    assert 'id="email-sent" data-announce data-pending' not in text


def test_a_code_that_waits_for_its_next_try_is_on_its_way(
    page: Callable[[], str], mails: MemoryGateway
) -> None:
    mails.failures.extend([TemporaryGatewayError("busy")] * 9)
    text = page()
    assert state_of(text) == ON_ITS_WAY
    assert 'id="email-sent" data-announce data-pending="1"' in text
    assert "Code sent" not in text


def test_a_refused_code_is_not_called_sent(page: Callable[[], str], mails: MemoryGateway) -> None:
    mails.failures.append(GatewayError("no such mailbox"))
    told = state_of(page())
    assert told == "The message could not be delivered. Check the address, or send the code again."


def test_without_a_gateway_the_page_says_so_at_once(page: Callable[[], str], app: Flask) -> None:
    parts.put(app, Gateways([]))
    assert state_of(page()) == "No gateway is configured for e-mail. The code can't be sent."


def test_a_switched_off_gateway_is_told_and_the_card_for_scripts_too(
    page: Callable[[], str], app: Flask, signed_in: Visitor
) -> None:
    with app.app_context():
        gateway_switches.switch_off("memory-mail", is_meant=True)
    told = "All e-mail gateways are switched off. The code is not sent until one is switched on;"
    assert state_of(page()).startswith(told)
    assert "Code sent" not in page()
    card = signed_in.submit("/cms/account/phone/send", phone="138 0013 8000").text
    assert "Code sent" not in card


def test_a_gateway_that_serves_another_country_is_none(
    signed_in: Visitor, app: Flask, sms: MemoryGateway
) -> None:
    sms.countries = frozenset({"DE"})
    parts.put(app, Gateways([sms]))
    signed_in.submit("/cms/account/phone/send", phone="+86 138 0013 8000")
    told = "No gateway is configured for SMS to this destination. The code can't be sent."
    assert state_of(signed_in.get("/cms/account").text) == told


def test_the_second_step_its_set_up_and_an_invitation_say_the_same(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    app.config["RESEND_COOLDOWN_SECONDS"] = 0
    links: list[str] = []
    with app.app_context():
        invitations.invite(
            "guest@example.org",
            "viewer",
            link_of=lambda token: links.append(token) or token,
            by=Actor(1, EMAIL),
        )
        gateway_switches.switch_off("memory-mail", is_meant=True)
    told = "All e-mail gateways are switched off."
    signed_in.submit("/cms/account/second-step/send", channel="email")
    assert state_of(signed_in.get("/cms/account/second-step").text).startswith(told)
    with app.app_context():
        db.session.scalars(db.select(Administrator)).one().second_factor = "email"
        db.session.commit()
    stranger = newcomer()
    stranger.sign_in()
    assert state_of(stranger.get("/cms/login/code").text).startswith(told)
    guest, path = newcomer(), f"/cms/invitation/{links[0]}"
    guest.submit(f"{path}/send", page=path)
    assert state_of(guest.get(path).text).startswith(told)

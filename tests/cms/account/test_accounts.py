"""Change the e-mail address and bind a phone, with and without JavaScript."""

import re
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from domain.gateway_errors import GatewayError
from models import Administrator
from services.people import administrators
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in

NEW = "jane.doe@example.net"
Stored = Callable[[], Administrator]


def send(visitor: Visitor, to: str = NEW, kind: str = "email") -> TestResponse:
    return visitor.submit(f"/cms/account/{kind}/send", **{kind: to})


def confirm(visitor: Visitor, code: str, kind: str = "email") -> TestResponse:
    return visitor.submit(f"/cms/account/{kind}/confirm", code=code)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_code_to_the_new_address_changes_it(
    signed_in: Visitor, mails: MemoryGateway, stored: Stored
) -> None:
    sent = send(signed_in)
    assert sent.status_code == 303
    assert sent.location == "/cms/account"
    assert [outgoing.to for outgoing in mails.sent] == [NEW]
    assert f"Code sent to {NEW}. It is good for 5 minutes." in text_of(signed_in.get("/cms/account").text)
    assert stored().email == EMAIL
    code = code_in(mails)
    done = confirm(signed_in, f"\ufeff{code[:3]}\u3000{code[3:]}\u00a0")
    assert done.location == "/cms/account"
    page = text_of(signed_in.get("/cms/account").text)
    assert "Your e-mail address is changed." in page
    assert "Code sent" not in page
    assert stored().email == NEW


def test_the_old_address_is_notified_and_all_other_sessions_end(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    other = newcomer()
    other.sign_in()
    send(signed_in)
    confirm(signed_in, code_in(mails))
    notice = mails.sent[-1]
    assert notice.to == EMAIL
    assert notice.subject == "Your Sendcode e-mail address was changed"
    assert "j***@example.net" in notice.text
    assert NEW not in notice.text
    assert other.get("/cms/account").status_code == 303
    assert signed_in.get("/cms/account").status_code == 200
    assert newcomer().sign_in(NEW).status_code == 303


def test_a_phone_is_bound_with_a_code_by_sms_and_confirmed_by_mail(
    signed_in: Visitor, sms: MemoryGateway, mails: MemoryGateway, stored: Stored
) -> None:
    assert send(signed_in, "138 0013 8000", "phone").status_code == 303
    assert confirm(signed_in, code_in(sms), "phone").status_code == 303
    assert stored().phone == "+8613800138000"
    assert [outgoing.to for outgoing in mails.sent] == [EMAIL]
    assert "+86138****8000" in mails.sent[0].text
    assert "+8613800138000" in signed_in.get("/cms/account").text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("138 0013 8000", "+86 138 0013 8000 (CN)"),
        ("0049 1511 2345678", "+49 1511 2345678 (DE)"),
        ("+8610000000000", "Enter one phone number, such as +86 138 0013 8000."),
        ("+1 202 555 0123", "country"),
    ],
)
def test_the_number_is_told_before_a_code_goes_to_it(
    signed_in: Visitor, sms: MemoryGateway, typed: str, told: str
) -> None:
    answer = signed_in.submit("/cms/account/phone/understood", phone=typed)
    assert (answer.status_code, told in answer.text) == (200, True), answer.text
    assert sms.sent == []
    if "+86 138" in answer.text and "Enter" not in answer.text:
        send(signed_in, typed, "phone")
        assert f"Code sent to {told}." in text_of(signed_in.get("/cms/account").text)


def test_a_reload_sends_nothing_and_the_countdown_continues(signed_in: Visitor, mails: MemoryGateway) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        signed_in.sign_in()
        send(signed_in)
        assert 'data-seconds-left="60"' in signed_in.get("/cms/account").text
        clock.shift(18)
        page = signed_in.get("/cms/account").text
        assert 'data-seconds-left="42"' in page
        assert "You can send the code again in 42 seconds." in page
        assert "disabled" not in page
    assert len(mails.sent) == 1


def test_a_click_during_the_cool_down_gets_the_wait(signed_in: Visitor, mails: MemoryGateway) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        signed_in.sign_in()
        send(signed_in)
        clock.shift(20)
        answer = send(signed_in)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "40"
        assert "A code was requested a moment ago. You can request it again in 40 seconds." in text_of(
            answer.text
        )
        clock.shift(40)
        assert send(signed_in).status_code == 303
    first, second = mails.sent
    assert re.findall(r"\b\d{6}\b", first.text)[0] == re.findall(r"\b\d{6}\b", second.text)[0]


def test_another_address_replaces_the_first(signed_in: Visitor, mails: MemoryGateway, stored: Stored) -> None:
    send(signed_in, "first@example.net")
    first = code_in(mails)
    send(signed_in, "second@example.net")
    assert mails.sent[-1].to == "second@example.net"
    if first != code_in(mails):
        assert confirm(signed_in, first).status_code == 422
    confirm(signed_in, code_in(mails))
    assert stored().email == "second@example.net"


def test_a_wrong_code_costs_a_try_and_the_last_one_locks(
    signed_in: Visitor, mails: MemoryGateway, stored: Stored
) -> None:
    send(signed_in)
    wrong = "000000" if code_in(mails) != "000000" else "000001"
    answers = [confirm(signed_in, wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 5
    assert "That is not the code. 4 tries left." in answers[0].text
    assert "That is not the code. 1 try left." in answers[3].text
    assert "it was the last try" in answers[4].text
    locked = confirm(signed_in, code_in(mails))
    assert locked.status_code == 429
    assert "Too many wrong codes. Send a new code." in locked.text
    assert stored().email == EMAIL
    page = text_of(signed_in.get("/cms/account").text)
    assert "Too many wrong codes were entered." in page
    assert "Confirm" not in page


def test_a_malformed_code_costs_no_attempt(signed_in: Visitor, mails: MemoryGateway) -> None:
    send(signed_in)
    for code in ("", "12345", "1234567", "abcdef", "<script>"):
        answer = confirm(signed_in, code)
        assert answer.status_code == 422
        assert "Enter the 6 digits of the code." in answer.text
    assert confirm(signed_in, code_in(mails)).status_code == 303


def test_an_expired_code_says_so(signed_in: Visitor, mails: MemoryGateway, stored: Stored) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        signed_in.sign_in()
        send(signed_in)
        clock.shift(299)
        assert "It is good for 1 second." in signed_in.get("/cms/account").text
        clock.shift(1)
        assert f"The code to {NEW} has expired." in signed_in.get("/cms/account").text
        assert "This code has expired." in confirm(signed_in, code_in(mails)).text
    assert stored().email == EMAIL


def test_a_code_that_was_not_requested_changes_nothing(signed_in: Visitor, stored: Stored) -> None:
    answer = confirm(signed_in, "123456")
    assert answer.status_code == 422
    assert "Send a code first." in answer.text
    assert stored().email == EMAIL


def test_cancel_abandons_the_change(signed_in: Visitor, mails: MemoryGateway, stored: Stored) -> None:
    send(signed_in)
    assert signed_in.submit("/cms/account/email/cancel").location == "/cms/account"
    assert "Confirm" not in text_of(signed_in.get("/cms/account").text)
    assert confirm(signed_in, code_in(mails)).status_code == 422
    assert stored().email == EMAIL


@pytest.mark.parametrize(
    ("kind", "to", "text"),
    [
        ("email", "", "Enter one e-mail address"),
        ("email", "jane", "Enter one e-mail address"),
        ("email", "a@example.net,b@example.net", "Enter one e-mail address"),
        ("email", "a@example.net\r\nBcc: b@example.net", "Enter one e-mail address"),
        ("email", "JANE@example.org", "This is already your e-mail address."),
        ("phone", "", "Enter one phone number"),
        ("phone", "12", "Enter one phone number"),
        ("phone", "+1 212 555 0100", "SMS to this country is not switched on."),
    ],
)
def test_bad_input_is_explained_next_to_its_field(
    signed_in: Visitor, sms: MemoryGateway, mails: MemoryGateway, kind: str, to: str, text: str
) -> None:
    answer = send(signed_in, to, kind)
    assert answer.status_code == 422
    error = re.search(rf'<p class="error" id="{kind}-error">([^<]*)</p>', answer.text)
    assert error
    assert text in error[1]
    assert f'aria-describedby="{kind}-error' in answer.text
    assert sms.sent == mails.sent == []


def test_markup_in_a_field_stays_text(signed_in: Visitor) -> None:
    answer = send(signed_in, '"><script>alert(1)</script>@x')
    assert "<script>alert" not in answer.text


def test_an_address_in_use_is_revealed_only_to_the_owner_of_its_mailbox(
    app: Flask, signed_in: Visitor, mails: MemoryGateway, stored: Stored
) -> None:
    with app.app_context():
        administrators.add(NEW, "viewer", PASSWORD)
    assert send(signed_in).status_code == 303
    assert f"Code sent to {NEW}" in signed_in.get("/cms/account").text
    answer = confirm(signed_in, code_in(mails))
    assert answer.status_code == 409
    assert "Another administrator has this e-mail address. Nothing was changed." in answer.text
    assert stored().email == EMAIL
    assert len(mails.sent) == 1


def test_an_old_sign_in_is_asked_for_the_password_before_sending(
    visitor: Visitor, mails: MemoryGateway
) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        clock.shift(301)
        asked = send(visitor)
        assert asked.location == "/cms/confirm-password?next=/cms/account"
        assert mails.sent == []
        back = visitor.submit(
            "/cms/confirm-password", page=asked.location, password=PASSWORD, next="/cms/account"
        )
        assert back.location == "/cms/account"
        assert f'value="{NEW}"' in visitor.get("/cms/account").text, "what was typed is still there"
        assert send(visitor).status_code == 303


def test_an_old_sign_in_is_asked_for_the_password_before_confirming(
    visitor: Visitor, mails: MemoryGateway, stored: Stored
) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        clock.shift(200)
        send(visitor)
        clock.shift(101)
        asked = confirm(visitor, code_in(mails))
        assert asked.location == "/cms/confirm-password?next=/cms/account"
        assert stored().email == EMAIL
        visitor.submit("/cms/confirm-password", page=asked.location, password=PASSWORD, next="/cms/account")
        assert confirm(visitor, code_in(mails)).location == "/cms/account"
        assert stored().email == NEW


def test_a_code_is_good_only_in_the_session_that_asked_for_it(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway, stored: Stored
) -> None:
    other = newcomer()
    other.sign_in()
    send(signed_in)
    assert confirm(other, code_in(mails)).status_code == 422
    assert confirm(signed_in, code_in(mails), "phone").status_code == 422
    assert stored().email == EMAIL
    assert confirm(signed_in, code_in(mails)).status_code == 303


def test_a_failed_delivery_is_shown(signed_in: Visitor, mails: MemoryGateway) -> None:
    mails.failures.append(GatewayError("550 no such mailbox"))
    send(signed_in)
    assert "The message could not be delivered." in signed_in.get("/cms/account").text


def test_the_field_for_the_code_helps_phones_and_takes_pasted_separators(signed_in: Visitor) -> None:
    send(signed_in)
    field = re.search(r'<input id="email-code"[^>]*>', signed_in.get("/cms/account").text)
    assert field
    for attribute in ('autocomplete="one-time-code"', 'inputmode="numeric"', 'maxlength="100"', "autofocus"):
        assert attribute in field[0]


class TestWithAScript:
    def post(self, visitor: Visitor, **fields: str) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/cms/account").text)
        assert token
        return visitor.client.post(
            "/cms/account/email/send", data={"csrf_token": token[1], **fields}, headers={"X-Card": "1"}
        )

    def test_the_answer_is_the_card_with_the_code_field(self, signed_in: Visitor) -> None:
        answer = self.post(signed_in, email=NEW)
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith("<section")
        assert "<html" not in answer.text
        assert re.search(r'<input id="email-code"[^>]*autofocus', answer.text)
        assert 'data-seconds-left="60"' in answer.text or 'data-seconds-left="59"' in answer.text

    def test_an_error_is_the_card_too(self, signed_in: Visitor) -> None:
        answer = self.post(signed_in, email="jane")
        assert answer.status_code == 422
        assert answer.text.lstrip().startswith("<section")
        assert re.search(r'<input id="email"[^>]*autofocus', answer.text)

    def test_an_ended_session_is_redirected(self, signed_in: Visitor) -> None:
        page = signed_in.get("/cms/account").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        cookie = signed_in.cookie()
        signed_in.submit("/cms/logout")
        signed_in.client.set_cookie("sendcode_session", cookie)
        answer = signed_in.client.post(
            "/cms/account/email/send", data={"csrf_token": token[1], "email": NEW}, headers={"X-Card": "1"}
        )
        assert answer.location == "/cms/login?next=/cms/account"


def test_zones_are_listed_with_their_offsets(signed_in):
    page = signed_in.get("/cms/account").text
    assert '<option value="Asia/Kathmandu" translate="no">Asia/Kathmandu (UTC+05:45)</option>' in page
    assert '<option value="America/Phoenix" translate="no">America/Phoenix (UTC-07:00)</option>' in page


def test_a_message_about_the_last_press_can_be_closed(signed_in):
    signed_in.submit("/cms/account/zone", zone="Asia/Shanghai")
    page = signed_in.get("/cms/account").text
    assert re.search(r'<div class="flash">\s*<p class="alert success" role="status">[^<]+</p>', page)
    assert 'data-close hidden aria-label="Close"' in page
    assert "close.js" in page
    assert "close.js" not in signed_in.get("/cms/account").text, "nothing is left to close"

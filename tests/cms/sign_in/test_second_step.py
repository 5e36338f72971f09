"""The second step at the console: switching on, signing in, recovery."""

import re
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from services.people import administrators
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in

PAGE = "/cms/account/second-step"


def switch_on(visitor: Visitor, mails: MemoryGateway) -> list[str]:
    """Switch Jane's second step on; return her recovery codes."""
    assert visitor.submit(f"{PAGE}/send", page=PAGE, channel="email").location == PAGE
    answer = visitor.submit(f"{PAGE}/confirm", page=PAGE, code=pasted(code_in(mails)))
    codes = re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", answer.text)
    assert len(codes) == 10
    return codes


def pasted(code: str) -> str:
    """Return a code as it comes out of a document: full width, typographic dashes, marks that print nothing."""
    wide = {ord(one): ord(one) + 0xFEE0 for one in "abcdefghijklmnopqrstuvwxyz23456789"}
    return "\ufeff" + code.translate(wide).replace("-", "\u3000–") + "\u200b"


def test_it_is_switched_on_with_a_code_and_asked_for_from_then_on(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    elsewhere = newcomer()
    elsewhere.sign_in()
    with time_machine.travel(0, tick=False) as clock:
        clock.move_to("2026-05-01T12:00:00Z")
        signed_in = newcomer()
        signed_in.sign_in()
        codes = switch_on(signed_in, mails)
        assert elsewhere.get("/cms/account").status_code == 303, "all other sessions end"
        shown = signed_in.get(PAGE).text
        assert "10 are left" in shown
        assert codes[0] not in shown
        clock.shift(600)
        visitor = newcomer()
        answer = visitor.sign_in(next="/cms/audit")
        assert answer.location == "/cms/login/code?next=/cms/audit"
        page = visitor.get(answer.location)
        assert "j***@example.org" in page.text
        assert EMAIL not in page.text
        assert visitor.get("/cms/account").location.startswith("/cms/login?")
        wrong = visitor.submit("/cms/login/code", page="/cms/login/code", code="000000")
        assert wrong.status_code == 422
        assert 'id="code-error"' in wrong.text
        short = visitor.submit("/cms/login/code", page="/cms/login/code", code="1")
        assert short.status_code == 422
        fields = {"code": code_in(mails), "next": "/cms/audit"}
        assert visitor.submit("/cms/login/code", page="/cms/login/code", **fields).location == "/cms/audit"
        assert visitor.get("/cms/audit").status_code == 200
        history = visitor.get("/cms/account/sign-ins").text
        assert "Password correct, code requested" in history
        assert "Wrong code" in history


def test_a_sign_in_right_after_the_set_up_gets_a_code_of_its_own(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    switch_on(signed_in, mails)
    other = newcomer()
    other.sign_in()
    assert len(mails.sent) == 2
    assert "Code sent to j***@example.org." in other.get("/cms/login/code").text
    other.submit("/cms/login/code/send", page="/cms/login/code")
    assert len(mails.sent) == 2, "the cool-down holds for repeated clicks"
    assert other.submit("/cms/login/code", page="/cms/login/code", code=code_in(mails)).location == "/cms"


def test_sign_ins_cannot_go_around_the_limit_of_a_mailbox(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    switch_on(signed_in, mails)
    for _ in range(8):
        newcomer().sign_in()
    assert len(mails.sent) <= 5


def test_a_recovery_code_works_once(
    visitor: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    visitor.sign_in()
    codes = switch_on(visitor, mails)
    other = newcomer()
    other.sign_in()
    page = "/cms/login/recovery"
    assert other.submit(page, page=page, recovery="nothing").status_code == 422
    assert other.submit(page, page=page, recovery=pasted(codes[0])).location == PAGE
    assert "9 are left" in other.get(PAGE).text
    again = newcomer()
    again.sign_in()
    assert again.submit(page, page=page, recovery=codes[0]).status_code == 422
    other.submit(f"{PAGE}/codes", page=PAGE)
    assert again.submit(page, page=page, recovery=codes[1]).status_code == 422, "new codes end the old"


def test_it_is_switched_off_after_a_confirmation(
    signed_in: Visitor, newcomer: Callable[[], Visitor], mails: MemoryGateway
) -> None:
    switch_on(signed_in, mails)
    assert "Switch your second step off?" in signed_in.get(f"{PAGE}/off").text
    assert signed_in.submit(f"{PAGE}/off", page=f"{PAGE}/off").location == PAGE
    assert newcomer().sign_in().location == "/cms"


def test_where_it_is_required_it_can_not_be_switched_off(
    signed_in: Visitor, mails: MemoryGateway, app: Flask
) -> None:
    app.config["SECOND_FACTOR_REQUIRED"] = True
    assert "A second step is required here." in signed_in.get(PAGE).text
    switch_on(signed_in, mails)
    assert f"{PAGE}/off" not in signed_in.get(PAGE).text
    signed_in.submit(f"{PAGE}/off", page=PAGE)
    assert "A second step is required here." in signed_in.get(PAGE).text


def test_the_phone_can_be_chosen_only_where_one_is_bound(signed_in: Visitor) -> None:
    assert "disabled" in signed_in.get(PAGE).text
    answer = signed_in.submit(f"{PAGE}/send", page=PAGE, channel="sms")
    assert answer.status_code == 409
    assert "Add a phone number first." in answer.text


def test_the_password_is_asked_first(visitor: Visitor) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        clock.shift(301)
        for path in ("send", "confirm", "codes", "off"):
            answer = visitor.submit(f"{PAGE}/{path}", page=PAGE)
            assert answer.location.startswith("/cms/confirm-password?"), path


@pytest.mark.parametrize("path", ["/cms/login/code", "/cms/login/recovery"])
def test_a_visitor_without_the_first_step_is_sent_back_to_it(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).location == "/cms/login?next=/cms"
    for posted in (path, "/cms/login/code/send"):
        assert visitor.submit(posted, page="/cms/login", code="123456").location == "/cms/login?next=/cms"


def test_owners_see_all_sign_ins_and_others_only_their_own(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    with app.app_context():
        administrators.add("kim@example.org", "operator", PASSWORD)
    kim = newcomer()
    kim.sign_in("kim@example.org", "wrong")
    kim.sign_in("stranger@example.net", "wrong")
    kim.sign_in("kim@example.org")
    shown = signed_in.get("/cms/sign-ins").text
    assert "s***@example.net" in shown
    assert "stranger@" not in shown
    assert "no account here" in shown
    assert "s***@example.net" not in signed_in.get("/cms/sign-ins?who=2").text
    assert kim.get("/cms/sign-ins").status_code == 403
    own = kim.get("/cms/account/sign-ins").text
    assert own.count("Wrong password") == 1
    assert "jane" not in own

"""The language of pages and mails: the person's, the browser's, or the default."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from cms.frame import times
from models import Administrator
from services.audit import trail
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in

GERMAN, CHINESE = {"Accept-Language": "de-AT,en;q=0.5"}, {"Accept-Language": "zh-CN"}


def tag_of(html: str) -> str:
    found = re.search(r'<html lang="([^"]+)">', html)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("asked", "tag", "text"),
    [("de-AT,en;q=0.5", "de", "Anmelden"), ("zh-CN", "zh-Hans", "登录"), ("fr", "en", "Sign in")],
)
def test_the_sign_in_page_is_in_the_language_of_the_browser(
    visitor: Visitor, asked: str, tag: str, text: str
) -> None:
    page = visitor.get("/cms/login", headers={"Accept-Language": asked}).text
    assert tag_of(page) == tag
    assert f"<h1>{text}</h1>" in page


def test_a_language_is_chosen_before_signing_in_and_kept_until_after_signing_out(visitor: Visitor) -> None:
    answer = visitor.submit("/cms/language", page="/cms/login", language="de", next="/cms/gateways")
    assert answer.location == "/cms/login?next=/cms/gateways"
    assert "<h1>Anmelden</h1>" in visitor.get("/cms/login", headers=CHINESE).text
    visitor.sign_in()
    assert "<h1>Konto</h1>" in visitor.get("/cms/account").text
    visitor.submit("/cms/logout")
    assert "Sie sind abgemeldet." in visitor.get("/cms/login").text


@pytest.mark.parametrize("language", ["", "fr", "xx", "../de"])
def test_an_unsupported_language_is_refused(signed_in: Visitor, language: str) -> None:
    assert signed_in.submit("/cms/language", language=language).status_code == 422
    if language:
        assert signed_in.submit("/cms/account/language", language=language).status_code == 422


def test_the_language_choice_redirects_to_no_other_site(visitor: Visitor) -> None:
    answer = visitor.submit("/cms/language", page="/cms/login", language="de", next="//evil.example")
    assert answer.location == "/cms/login"


def test_the_accounts_language_applies_everywhere(
    app: Flask, signed_in: Visitor, newcomer: Callable[[], Visitor], stored: Callable[[], Administrator]
) -> None:
    answer = signed_in.submit("/cms/account/language", language="zh")
    assert answer.status_code == 303
    page = signed_in.get("/cms/account", headers=GERMAN).text
    assert tag_of(page) == "zh-Hans"
    assert "语言已更改。" in page
    assert stored().locale == "zh"
    another = newcomer()
    another.submit("/cms/language", page="/cms/login", language="de")
    another.sign_in()
    assert "<h1>账号</h1>" in another.get("/cms/account").text, "the account's comes before the browser's"
    with app.app_context():
        entry = trail.entries().shown[0]
    assert (entry.action, entry.before, entry.after) == (
        "account.language_changed",
        {"language": None},
        {"language": "zh"},
    )


def test_a_change_reaches_the_persons_other_browsers(
    signed_in: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    another = newcomer()
    another.sign_in()
    signed_in.submit("/cms/account/language", language="de")
    assert "<h1>Konto</h1>" in another.get("/cms/account").text
    assert tag_of(another.get("/cms/nowhere").text) == "de", "an error page asks the cookie alone"


def test_the_choice_is_given_back_to_the_browser(
    signed_in: Visitor, stored: Callable[[], Administrator]
) -> None:
    signed_in.submit("/cms/account/language", language="zh")
    signed_in.submit("/cms/account/language", language="")
    assert stored().locale is None
    assert tag_of(signed_in.get("/cms/account", headers=GERMAN).text) == "de"


def test_mails_are_in_the_language_of_the_account(signed_in: Visitor, mails: MemoryGateway) -> None:
    signed_in.submit("/cms/account/language", language="de")
    signed_in.submit("/cms/account/zone", zone="Asia/Shanghai")
    signed_in.submit("/cms/account/email/send", email="new@example.net")
    signed_in.submit("/cms/account/email/confirm", code=code_in(mails))
    code, notice = mails.sent
    assert "Ihr Code" in code.text
    assert re.search(r"am\s\d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d \(Asia/Shanghai\)", notice.text)
    assert "geändert" in notice.text
    assert notice.to == EMAIL


def test_mails_are_in_the_language_of_the_page_if_none_was_chosen(
    visitor: Visitor, mails: MemoryGateway
) -> None:
    visitor.submit("/cms/language", page="/cms/login", language="zh")
    visitor.sign_in(EMAIL, PASSWORD)
    visitor.submit("/cms/account/email/send", email="new@example.net")
    assert "验证码" in mails.sent[0].text


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["< 0.1 s", "1.5 s", "2 mins"]),
        ("de", ["< 0,1 s", "1,5 s", "2 Min."]),
        ("zh", ["< 0.1 s", "1.5 s", "2分钟"]),
    ],
)
def test_durations_are_in_the_language(app: Flask, language: str, shown: list[str]) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        lengths = [timedelta(milliseconds=1), timedelta(seconds=1.5), timedelta(minutes=2)]
        assert [times.duration(length) for length in lengths] == shown


def test_times_are_in_the_language(signed_in: Visitor) -> None:
    signed_in.submit("/cms/account/language", language="de")
    page = signed_in.get("/cms/account/sessions").text
    assert re.search(r"<time[^>]*>\d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d</time>", page)
    assert re.search(r"<time[^>]*>vor \d+ \w+</time>", page)

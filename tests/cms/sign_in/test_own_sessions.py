"""The list of one's own sessions, and how to end them."""

from collections.abc import Callable

import pytest
from flask import Flask

from cms.frame.agents import agent
from services.sign_in import session_lists
from tests.cms.conftest import Visitor

PAGE = "/cms/account/sessions"


def test_a_session_is_ended_from_another(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask
) -> None:
    others = [newcomer() for _ in range(3)]
    for other in others:
        other.sign_in()
    page = signed_in.get(PAGE).text
    assert page.count(">This one<") == 1
    assert page.count('action="/cms/account/sessions/') == 4
    with app.app_context():
        last = session_lists.living()[0].id
    assert signed_in.submit(f"{PAGE}/{last}/end", page=PAGE).location == PAGE
    assert others[2].get("/cms/account").status_code == 303
    assert others[1].get("/cms/account").status_code == 200
    assert signed_in.submit(f"{PAGE}/{last}/end", page=PAGE).status_code == 404
    signed_in.submit(f"{PAGE}/end-others", page=PAGE)
    assert "2 sessions are ended." in signed_in.get(PAGE).text
    assert others[0].get("/cms/account").status_code == 303


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "curl/8.0"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_described_in_a_few_words(app: Flask, text: str, said: str) -> None:
    with app.test_request_context():
        assert agent(text) == said

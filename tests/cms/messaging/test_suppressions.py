"""The suppression list: searched without destinations in the URL, shown masked, changed by operators."""

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from domain.statuses import Channel, SuppressionReason
from services.audit import trail
from services.messaging import suppressions
from services.people import administrators
from tests.cms.conftest import PASSWORD, Visitor, token_of

PAGE = "/cms/suppressions"
TO = "gone@example.net"


def send_file(visitor: Visitor, content: bytes) -> TestResponse:
    data = {"csrf_token": token_of(visitor.get(PAGE).text), "file": (io.BytesIO(content), "list.csv")}
    return visitor.client.post(f"{PAGE}/import", data=data)


def listed(app: Flask) -> list[str]:
    with app.app_context():
        return sorted(one.canonical for one in suppressions.page())


def test_an_empty_list_says_what_will_be_listed(signed_in: Visitor) -> None:
    assert "No destination is suppressed" in signed_in.get(PAGE).text
    assert 'href="/cms/suppressions" aria-current="page"' in signed_in.get(PAGE).text


def test_a_destination_is_added_found_and_removed_and_never_shown_in_full(
    signed_in: Visitor, app: Flask
) -> None:
    added = signed_in.submit(f"{PAGE}/add", page=PAGE, to=" Gone@Example.NET ")
    assert TO not in added.location
    page = signed_in.get(added.location).text
    assert "g***@example.net" in page
    assert TO not in page
    found = signed_in.submit(f"{PAGE}/find", page=PAGE, to=TO)
    assert found.location == added.location
    signed_in.submit(f"{PAGE}/add", page=PAGE, to=TO)
    assert "is already on the list" in signed_in.get(PAGE).text
    row = added.location.partition("found=")[2]
    signed_in.submit(f"{PAGE}/{row}/remove", page=PAGE)
    assert listed(app) == []
    assert signed_in.get(added.location).location == PAGE
    signed_in.submit(f"{PAGE}/find", page=PAGE, to=TO)
    assert "it gets bulk messages" in signed_in.get(PAGE).text
    with app.app_context():
        told = trail.entries().shown
    assert [entry.action for entry in told][:2] == ["suppression.removed", "suppression.added"]
    assert TO not in repr([(entry.subject, entry.before, entry.after) for entry in told])


@pytest.mark.parametrize(("path", "field"), [("find", "to"), ("add", "add")])
def test_an_invalid_destination_is_refused_beside_its_own_field(
    signed_in: Visitor, path: str, field: str
) -> None:
    answer = signed_in.submit(f"{PAGE}/{path}", page=PAGE, to="nobody")
    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-error"', answer.text) == [field]


def test_the_list_is_paged(signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        for number in range(suppressions.PAGE + 1):
            suppressions.add(Channel.EMAIL, f"{number}@example.org", SuppressionReason.BOUNCE)
    first = signed_in.get(PAGE).text
    assert first.count('data-label="Reason"') == suppressions.PAGE
    after = first.partition("?after=")[2].partition('"')[0]
    second = signed_in.get(f"{PAGE}?after={after}").text
    assert second.count('data-label="Reason"') == 1
    assert signed_in.get(f"{PAGE}?after=nothing").location == PAGE


def test_a_file_is_imported_and_exported_again(signed_in: Visitor, app: Flask) -> None:
    content = "destination,reason\n=gone@example.org,bounce\n138 0013 8000\n\nnobody\nGONE@example.net,x\n"
    assert send_file(signed_in, f"\ufeff{content}".encode()).location == PAGE
    page = signed_in.get(PAGE).text
    assert "3 destinations were added." in page
    assert "not an e-mail address or phone number: 5 (***)" in page
    assert listed(app) == ["+8613800138000", "=gone@example.org", "gone@example.net"]
    answer = signed_in.submit(f"{PAGE}/export", page=PAGE)
    assert answer.mimetype == "text/csv"
    assert "'=gone@example.org,bounce," in answer.text
    assert "\r\n+8613800138000,operator," in answer.text
    assert send_file(signed_in, answer.data).location == PAGE
    assert "3 were already on the list." in signed_in.get(PAGE).text
    assert len(listed(app)) == 3


def test_refused_lines_are_shown_masked(signed_in: Visitor, app: Flask) -> None:
    send_file(signed_in, b"gone@example.net\nkim.doe@example..com\n+86 12\n")
    page = signed_in.get(PAGE).text
    assert "2 (k***@example..com), 3 (" in page
    assert "kim.doe" not in page


@pytest.mark.parametrize("content", [b"", b"destination\n", b"\xff\xfe", b"a@example.org\n" * 1001])
def test_an_invalid_or_too_long_file_is_refused(signed_in: Visitor, app: Flask, content: bytes) -> None:
    answer = send_file(signed_in, content)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert listed(app) == []


def test_a_viewer_sees_no_buttons(signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask) -> None:
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
        suppressions.add(Channel.EMAIL, TO, SuppressionReason.UNSUBSCRIBED)
    vera = newcomer()
    vera.sign_in("vera@example.org")
    page = vera.get(PAGE).text
    assert "g***@example.net" in page
    for button in ("Remove", "Add to the list", "Export", "Import"):
        assert button not in page
    assert vera.submit(f"{PAGE}/find", page=PAGE, to=TO).status_code == 303
    assert vera.submit(f"{PAGE}/export", page=PAGE).status_code == 403

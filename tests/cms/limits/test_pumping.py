"""The page of the pumping guard: closed prefixes, opening by hand, and the safe list."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from domain.errors import LimitExceeded
from domain.owners import Owner
from domain.roles import Role
from domain.statuses import Channel
from exts import db
from models import PrefixClosure
from services.audit import trail
from services.codes import checks, verifications
from services.codes.verifications import Request
from services.limits import pumping_watch, safe_prefixes
from services.limits.refusals import Refusals
from services.people import administrators
from services.process import parts
from services.storage import leases
from tests.cms.conftest import PASSWORD, Visitor

PAGE = "/cms/settings/pumping"
PREFIX = "+861700521"


@pytest.fixture
def closed(app: Flask) -> None:
    """Close a prefix for the second time in a row."""
    now = datetime.now(UTC)
    with app.app_context():
        values = {"times": 2, "sends": 46, "approved": 1, "closed_at": now, "until": now + timedelta(hours=2)}
        db.session.add(PrefixClosure(prefix=PREFIX, country="CN", **values))
        db.session.commit()


def newest(app: Flask) -> tuple[str, str]:
    with app.app_context():
        entry = trail.entries().shown[0]
        return entry.action, entry.subject


def test_an_idle_guard_says_what_it_would_do(signed_in: Visitor) -> None:
    page = signed_in.get(PAGE).text
    for text in (
        "No prefix is closed",
        "No code was sent by SMS",
        "None. COUNTRY_SENDS_PER_DAY gives",
        "The list is empty",
    ):
        assert text in page
    assert "30 or more codes go to a prefix in an hour" in page
    assert "less than 10%" in page
    assert "looks every five seconds" in page


def test_it_says_whether_a_worker_is_looking(signed_in: Visitor, app: Flask) -> None:
    assert "No worker is watching" in signed_in.get(PAGE).text
    with app.app_context():
        leases.hold(db.engine, pumping_watch.LEASE, "worker", timedelta(minutes=1), datetime.now(UTC))
    assert "No worker is watching" not in signed_in.get(PAGE).text


@pytest.mark.parametrize(
    ("changes", "told", "pill"),
    [
        ({}, "Closed now", ">On<"),
        ({"PUMPING_GUARD_DRY_RUN": True}, "Dry run: nothing is closed.", ">Dry run<"),
        ({"PUMPING_GUARD_SENDS_PER_HOUR": 0}, "The guard is off", ">Off<"),
        ({"PREFIX_SENDS_PER_10_MINUTES": 0}, "The guard is off", ">Off<"),
    ],
)
def test_its_state_is_shown(
    signed_in: Visitor, app: Flask, changes: dict[str, Any], told: str, pill: str
) -> None:
    app.config.update(changes)
    assert told in signed_in.get(PAGE).text
    assert pill in signed_in.get("/cms/settings").text


def test_a_closed_prefix_is_shown_and_opened_by_hand(signed_in: Visitor, app: Flask, closed: None) -> None:
    page = signed_in.get(PAGE).text
    for text in (f"{PREFIX}****", "1 of 46", "closed 2 times in a row"):
        assert text in page
    assert "1 prefix is closed now." in signed_in.get("/cms/settings").text
    assert signed_in.submit(f"{PAGE}/open", page=PAGE, prefix=PREFIX).location == PAGE
    assert "No prefix is closed" in signed_in.get(PAGE).text
    assert newest(app) == ("guard.prefix_opened", f"{PREFIX}****")
    with app.app_context():
        verifications.issue(Request(Channel.SMS, f"{PREFIX}0001"), Owner("key:a"))


@pytest.mark.parametrize("prefix", [PREFIX, "", "<script>"])
def test_an_open_prefix_can_not_be_opened(signed_in: Visitor, prefix: str) -> None:
    assert signed_in.submit(f"{PAGE}/open", page=PAGE, prefix=prefix).status_code == 404


def test_sent_and_entered_codes_are_shown_by_prefix_and_country(
    signed_in: Visitor, app: Flask, sms: Any
) -> None:
    app.config["COUNTRY_SENDS_PER_DAY"] = {"CN": 3, "DE": 7}
    owner = Owner("key:a")
    with app.app_context():
        views = [verifications.issue(Request(Channel.SMS, f"{PREFIX}000{n}"), owner) for n in range(3)]
        checks.check(views[0].id, sms.sent[0].params["code"], owner)
    page = signed_in.get(PAGE).text
    for text in ("1 of 3", "33%", "100%", "fewer than 30 codes", ">Germany<"):
        assert text in page
    assert f"{PREFIX}0000" not in page


def test_codes_that_a_limit_held_back_are_told(signed_in: Visitor, app: Flask) -> None:
    app.config["PREFIX_SENDS_PER_10_MINUTES"] = 2
    owner, refused = Owner("key:a"), 0
    with app.app_context():
        for number in range(5):
            try:
                verifications.issue(Request(Channel.SMS, f"{PREFIX}000{number}"), owner)
            except LimitExceeded as error:
                parts.part(Refusals).note(error)
                refused += 1
    assert refused == 3
    assert "3 refused today" in signed_in.get(PAGE).text
    assert "Limits refused 3 requests since midnight UTC." in signed_in.get("/cms").text


def test_the_safe_list_is_edited(signed_in: Visitor, app: Flask) -> None:
    answer = signed_in.submit(f"{PAGE}/safe", page=PAGE, prefix="+49 170", note="Our field staff")
    assert answer.location == f"{PAGE}#safe"
    page = signed_in.get(PAGE).text
    assert "+49170…" in page
    assert "Our field staff" in page
    assert newest(app) == ("guard.safe_added", "+49170…")
    signed_in.submit(f"{PAGE}/safe/1/remove", page=PAGE)
    assert "The list is empty" in signed_in.get(PAGE).text
    assert newest(app) == ("guard.safe_removed", "+49170…")
    assert signed_in.submit(f"{PAGE}/safe/1/remove", page=PAGE).status_code == 404


def test_a_whole_number_of_the_safe_list_is_masked_everywhere(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit(f"{PAGE}/safe", page=PAGE, prefix="+8613800138000")
    assert "+86138****8000" in signed_in.get(PAGE).text
    for path in (PAGE, "/cms/audit"):
        assert "13800138000" not in signed_in.get(path).text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"prefix": "many"}, "Enter the beginning of a number"),
        ({"prefix": "+86138"}, "This entry is already on the list."),
        ({"prefix": "+49", "note": "x" * 121}, "Write at most 120 characters."),
    ],
)
def test_an_invalid_entry_is_reported_beside_its_field(
    signed_in: Visitor, app: Flask, typed: dict[str, str], told: str
) -> None:
    with app.app_context():
        safe_prefixes.add("+86138", "")
    answer = signed_in.submit(f"{PAGE}/safe", page=PAGE, **typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert f'value="{typed["prefix"]}"' in answer.text


def test_a_viewer_can_only_look(app: Flask, newcomer: Callable[[], Visitor], closed: None) -> None:
    with app.app_context():
        administrators.add("vera@example.org", Role.VIEWER.value, PASSWORD)
        safe_prefixes.add("+86138", "")
    vera = newcomer()
    vera.sign_in("vera@example.org")
    page = vera.get(PAGE).text
    assert f"{PREFIX}****" in page
    for button in (">Open<", ">Remove<", "Put on the safe list"):
        assert button not in page
    for path, fields in (("open", {"prefix": PREFIX}), ("safe", {"prefix": "+49"}), ("safe/1/remove", {})):
        assert vera.submit(f"{PAGE}/{path}", **fields).status_code == 403

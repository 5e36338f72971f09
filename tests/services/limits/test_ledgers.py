"""Whose limits a send or a wrong code uses up: API keys share theirs, test keys and the console have their own."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import update

from domain.errors import DestinationLocked, LimitExceeded, SecondStepNeeded
from domain.owners import LIVE, Owner
from domain.statuses import Channel
from models import Administrator
from services.codes import verifications
from services.codes.checks import check
from services.codes.verifications import Request
from services.people import administrators
from services.sign_in import second_steps, sessions
from services.sign_in.sign_ins import Browser
from services.storage.transactions import transaction

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PHONE = "jane@example.org", "+8613800138000"
TEST, OTHER_TEST = Owner("key:t", is_test=True), Owner("key:u", is_test=True)
CONSOLE = (Owner("sign_in:7"), Owner("session:a"), Owner("invitation:b"), Owner("gateway-test"))
APART = (TEST, *CONSOLE)


def issue(owner, to=PHONE, **more):
    return verifications.issue(Request(Channel.EMAIL if "@" in to else Channel.SMS, to, **more), owner)


@pytest.mark.parametrize(
    ("owner", "ledger"),
    [
        (Owner("key:a"), LIVE),
        (Owner("hook:a"), LIVE),
        (Owner("task"), LIVE),
        (TEST, "key:t"),
        (Owner("hook:t", is_test=True), "hook:t"),
        *((owner, owner.kind) for owner in CONSOLE),
    ],
)
def test_who_sends_for_others_shares_a_ledger(owner, ledger):
    assert owner.ledger == ledger


def begun(email, password):
    """Sign in with the password and have the code sent; return the token of the second step."""
    transaction(lambda session: session.execute(update(Administrator).values(second_factor="email")))
    with pytest.raises(SecondStepNeeded) as needed:
        sessions.sign_in(email, password, ip="192.0.2.7", user_agent="Firefox")
    second_steps.send(needed.value.token, client_ip="192.0.2.7")
    return needed.value.token


def test_api_keys_share_the_limits_of_a_destination(owner):
    issue(owner)
    with pytest.raises(LimitExceeded, match="resend_cooldown"):
        issue(Owner("key:other"))


@pytest.mark.parametrize("apart", APART, ids=lambda owner: owner.id)
@pytest.mark.parametrize(
    "limit",
    [
        "RESEND_COOLDOWN_SECONDS",
        "DESTINATION_SENDS_PER_DAY",
        "IP_SENDS_PER_MINUTE",
        "PREFIX_SENDS_PER_10_MINUTES",
    ],
)
def test_what_others_use_up_is_theirs(app, owner, apart, limit):
    app.config |= {"RESEND_COOLDOWN_SECONDS": 0, limit: 1}
    with time_machine.travel(datetime.now(UTC), tick=False):  # a cool-down of one second would end
        issue(owner, client_ip="192.0.2.1")
        issue(apart, client_ip="192.0.2.1")
        for one in (owner, apart):
            with pytest.raises(LimitExceeded, match=limit.lower().removesuffix("_seconds")):
                issue(one, client_ip="192.0.2.1")


def test_two_test_keys_do_not_meet():
    issue(TEST)
    issue(OTHER_TEST)


def test_the_budget_of_the_day_counts_no_test(app, owner):
    app.config["SMS_SENDS_PER_DAY"] = 1
    issue(TEST)
    with pytest.raises(LimitExceeded, match="sms_sends_per_day"):
        issue(TEST, "+8613900139000")
    issue(owner)


def test_the_console_sends_when_the_keys_have_used_up_the_day(app, owner):
    app.config["SMS_SENDS_PER_DAY"] = 1
    issue(owner)
    issue(Owner("sign_in:7"))
    with pytest.raises(LimitExceeded, match="sms_sends_per_day"):
        issue(Owner("sign_in:8"), "+8613900139000")


def test_what_the_console_sends_counts_for_the_keys(app, owner):
    app.config["SMS_SENDS_PER_DAY"] = 1
    issue(Owner("session:a"))
    with pytest.raises(LimitExceeded, match="sms_sends_per_day"):
        issue(owner, "+8613900139000")


@pytest.mark.parametrize("apart", APART, ids=lambda owner: owner.id)
def test_wrong_codes_of_others_lock_nobody(app, owner, apart):
    app.config["DESTINATION_FAILURES_PER_DAY"] = 1
    wrong = {"by": issue(owner, purpose="sign_in"), "mine": issue(apart, purpose="sign_in")}
    assert not check(wrong["by"].id, "999999", owner).valid
    with pytest.raises(DestinationLocked):
        check(wrong["by"].id, "999999", owner)
    assert not check(wrong["mine"].id, "999999", apart).valid
    with pytest.raises(DestinationLocked):
        check(wrong["mine"].id, "999999", apart)


def test_a_key_can_not_keep_an_administrator_from_signing_in(app, owner, mails):
    """Twenty wrong guesses with the purpose of the sign-in, and every code that a key may have sent."""
    app.config |= {"RESEND_COOLDOWN_SECONDS": 0, "DESTINATION_FAILURES_PER_DAY": 5}
    administrators.add(EMAIL, "owner", "seven purple otters")
    for _ in range(app.config["DESTINATION_SENDS_PER_10_MINUTES"]):
        theirs = issue(owner, EMAIL, purpose=second_steps.PURPOSE)
    for _ in range(app.config["DESTINATION_FAILURES_PER_DAY"]):
        check(theirs.id, "999999", owner)
    with pytest.raises(LimitExceeded):
        issue(owner, EMAIL, purpose=second_steps.PURPOSE)
    token = begun(EMAIL, "seven purple otters")
    result, _, session = second_steps.check(
        token, mails.sent[-1].params["code"], browser=Browser("192.0.2.7", "Firefox")
    )
    assert result.valid
    assert session is not None


def test_a_viewer_can_not_keep_an_owner_from_signing_in(app, mails):
    app.config |= {"RESEND_COOLDOWN_SECONDS": 0}
    administrators.add(EMAIL, "owner", "seven purple otters")
    for _ in range(app.config["DESTINATION_SENDS_PER_10_MINUTES"]):
        issue(Owner("session:of a viewer"), EMAIL, purpose="change_email")
    begun(EMAIL, "seven purple otters")
    assert mails.sent[-1].params["code"]

"""What a hook sends: once for many posts, in the lane of codes, sealed, limited, erased, without a verification."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from domain.errors import LimitExceeded
from domain.hooks import HookType
from domain.statuses import Channel, MessageStatus, Priority
from exts import db
from models import Hook, HookDelivery, Message, Verification
from services import profiles, retention
from services.codes import verifications
from services.hooks import alerts, deliveries, hooks
from services.hooks.alerts import Group
from services.hooks.exchange import Delivery
from services.limits import pumping_watch
from services.limits.pumping_guard import FreshClosures
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"
ONE = Delivery(Channel.SMS, "8613800138000", "SignIn", code="482913")
BEFORE = {"SMS_SENDS_PER_DAY": 0, "DESTINATION_SENDS_PER_DAY": 0, "DESTINATION_SENDS_PER_10_MINUTES": 0}


def hook(type="generic", **options):
    return hooks.add(type, "ours", **options)[0]


def all_at_once(work, count):
    """Return what `count` threads got that began together."""
    start = threading.Barrier(count)

    def one(number):
        start.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def messages():
    db.session.rollback()
    return db.session.scalars(select(Message).order_by(Message.created_at)).all()


def test_a_code_is_a_message_of_the_hook_and_no_verification(sms):
    ours = hook()
    assert deliveries.send(ours, [ONE]) == 1
    (row,) = messages()
    assert (row.owner, row.lane, row.priority, row.to) == (f"hook:{ours.id}", "sms", Priority.CODE, PHONE)
    assert (row.status, row.sealed, row.verification_id) == (MessageStatus.SENT, None, None)
    assert db.session.query(Verification).count() == 0
    assert sms.sent[0].params["code"] == "482913"


@pytest.mark.parametrize("id", [None, "one-id"])
def test_thirty_posts_at_once_are_one_message(app, id):
    ours = hook()

    def post(_number):
        with app.app_context():
            return deliveries.send(ours, [replace(ONE, id=id)])

    sent = all_at_once(post, 30)
    assert sorted(sent) == [0] * 29 + [1]
    assert len(messages()) == 1


def test_without_an_id_a_repeat_is_one_within_a_minute_only(app):
    app.config["RESEND_COOLDOWN_SECONDS"] = 60
    ours = hook()
    with time_machine.travel(datetime.now(UTC), tick=False) as travel:
        assert [deliveries.send(ours, [ONE]) for _ in range(2)] == [1, 0]
        travel.shift(59)
        assert deliveries.send(ours, [ONE]) == 0
        travel.shift(2)
        assert deliveries.send(ours, [ONE]) == 1


def test_with_an_id_a_repeat_is_known_for_a_day():
    ours = hook()
    known = replace(ONE, id="one")
    with time_machine.travel(datetime.now(UTC), tick=False) as travel:
        assert deliveries.send(ours, [known]) == 1
        travel.shift(timedelta(hours=23))
        assert deliveries.send(ours, [known]) == 0
        assert deliveries.send(ours, [replace(known, id="two")]) == 1


@pytest.mark.parametrize(
    "other",
    [{"code": "482914"}, {"type": "Register"}, {"to": "+8613900139000"}, {"code": None, "text": "482913"}],
)
def test_another_code_type_or_destination_is_no_repeat(other):
    ours = hook()
    deliveries.send(ours, [ONE])
    assert deliveries.send(ours, [replace(ONE, **other)]) == (0 if "text" in other else 1)


def test_two_hooks_repeat_nothing_of_each_other():
    assert deliveries.send(hook(), [ONE]) == deliveries.send(hook("logto"), [ONE]) == 1


def test_all_of_a_post_or_nothing(app):
    app.config["DESTINATION_SENDS_PER_DAY"] = 1
    ours = hook()
    other = replace(ONE, to="+8613900139000")
    deliveries.send(ours, [replace(ONE, code="1111")])
    with pytest.raises(LimitExceeded) as refused:
        deliveries.send(ours, [other, ONE])
    assert refused.value.limit == "destination_sends_per_day"
    assert len(messages()) == 1
    assert deliveries.send(ours, [other]) == 1, "nothing of the refused post is remembered"


def test_windows_of_a_person_hold_over_hooks_and_keys_but_the_cooldown_is_the_servers(app, owner):
    verifications.issue(verifications.Request(Channel.SMS, PHONE), owner)
    ours = hook()
    codes = [replace(ONE, code=f"{number}000") for number in range(1, 6)]
    assert [deliveries.send(ours, [code]) for code in codes[:4]] == [1] * 4
    with pytest.raises(LimitExceeded) as refused:
        deliveries.send(ours, [codes[4]])
    assert refused.value.limit == "destination_sends_per_10_minutes"


def test_the_guard_does_not_judge_hooks_by_conversion(app):
    app.config.update(BEFORE, PREFIX_SENDS_PER_10_MINUTES=0, PUMPING_GUARD_SENDS_PER_HOUR=5)
    ours = hook()
    for number in range(12):
        deliveries.send(ours, [replace(ONE, code=f"{number:04}")])
    assert pumping_watch.look(db.engine, app.config, datetime.now(UTC)) == []
    app.config["PREFIX_SENDS_PER_10_MINUTES"] = 1
    deliveries.send(ours, [replace(ONE, to="+8613700137000", code="1111")])
    with pytest.raises(LimitExceeded) as refused:
        deliveries.send(ours, [replace(ONE, to="+8613700137001", code="1111")])
    assert refused.value.limit == "prefix_sends_per_10_minutes"


def reported(status, count, prefix="+861370013"):
    """Send codes to a prefix, and have the carrier report on each."""
    ours = hook()
    for number in range(count):
        deliveries.send(ours, [replace(ONE, to=f"{prefix}{number:04}")])
    db.session.execute(update(Message).where(Message.owner == ours.owner.id).values(status=status))
    db.session.commit()


def test_the_guard_closes_a_prefix_to_which_carriers_deliver_nothing(app):
    app.config.update(BEFORE, PREFIX_SENDS_PER_10_MINUTES=100, PUMPING_GUARD_SENDS_PER_HOUR=5)
    reported("delivered", 6, "+861380013")
    reported("sent", 6, "+861390013")
    assert pumping_watch.look(db.engine, app.config, datetime.now(UTC)) == []
    reported("undelivered", 6)
    assert pumping_watch.look(db.engine, app.config, datetime.now(UTC)) == ["+861370013"]
    assert pumping_watch.look(db.engine, app.config, datetime.now(UTC)) == [], "it is closed already"
    part(FreshClosures).forget()
    with pytest.raises(LimitExceeded) as refused:
        deliveries.send(hook(), [replace(ONE, to="+8613700139999")])
    assert refused.value.limit == "pumping_guard"


def test_a_hooks_settings_make_its_texts(sms):
    ours = hook()
    hooks.configure(ours.id, {"service_name": "Shop GmbH", "locale": "de", "code_ttl_seconds": "120"})
    assert profiles.of(ours.owner).service_name == "Shop GmbH"
    deliveries.send(hooks.get(ours.id), [ONE])
    assert sms.sent[0].text.startswith("Shop GmbH: Ihr Code")
    assert sms.sent[0].params["minutes"] == "2"


def test_the_purge_takes_what_is_no_longer_a_repeat():
    ours = hook()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=2)):
        deliveries.send(ours, [replace(ONE, id="old")])
    deliveries.send(ours, [replace(ONE, code="1111", id="new")])
    retention.purge(timedelta(days=30))
    assert db.session.query(HookDelivery).count() == 1


def test_the_use_of_a_hook_is_noted():
    ours = hook()
    assert ours.last_used_at is None
    deliveries.send(ours, [ONE])
    assert hooks.get(ours.id).last_used_at is not None


def test_no_row_has_a_code_or_a_secret_in_clear(app):
    view, secret = hooks.add("supabase", "ours")
    deliveries.send(view, [ONE])
    deliveries.send(view, [replace(ONE, text="Your code is 771234", code=None)])
    values = []
    for table in (Hook, HookDelivery, Message):
        for row in db.session.execute(select(table.__table__)):
            values += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    for hidden in (b"482913", b"771234", secret.encode()):
        assert not any(hidden in value for value in values)


GROUP = Group("g1", "[FIRING:1] Down", ["db is down (db1)"], ["firing", "a=firing"])


def test_a_state_of_a_group_is_told_once_at_once_or_later(app, mails, sms):
    ours = hook("alertmanager", destinations=["ops@example.org", PHONE])

    def post(_number):
        with app.app_context():
            return alerts.send(ours, GROUP)

    assert sorted(all_at_once(post, 10)) == [0] * 9 + [2]
    resolved = replace(GROUP, title="[RESOLVED] Down", state=["resolved", "a=resolved"])
    with time_machine.travel(datetime.now(UTC), tick=False) as travel:
        assert alerts.send(ours, resolved) == 2
        travel.shift(timedelta(days=4))
        assert alerts.send(ours, resolved) == 0
        travel.shift(timedelta(days=29))
        assert alerts.send(ours, resolved) == 0, "each repeat is remembered for a month"
        assert alerts.send(ours, GROUP) == 2
    assert {row.priority for row in messages()} == {Priority.SINGLE}
    assert sms.sent[0].text == "[FIRING:1] Down\ndb is down (db1)"
    assert (mails.sent[0].subject, mails.sent[0].text) == ("[FIRING:1] Down", "db is down (db1)")


def test_the_secret_works_until_the_hook_is_switched_off_or_removed():
    view, secret = hooks.add("kratos", "ours")
    assert hooks.secrets_of(view.id)[1] == (secret,)
    with time_machine.travel(datetime.now(UTC), tick=False) as travel:
        _, new = hooks.rotate(view.id)
        assert hooks.secrets_of(view.id)[1] == (new, secret)
        travel.shift(timedelta(hours=24, seconds=1))
        assert hooks.secrets_of(view.id)[1] == (new,)
    hooks.switch(view.id, is_on=False)
    assert hooks.secrets_of(view.id) is None
    hooks.switch(view.id, is_on=True)
    hooks.remove(view.id)
    assert hooks.secrets_of(view.id) is None
    assert db.session.get(Hook, view.id).secret == b""
    assert hooks.list_all() == []
    assert [one.type for one in hooks.list_all(removed=True)] == [HookType.KRATOS]

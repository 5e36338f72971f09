"""Data that a console contains after some weeks, for screenshots."""

import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete, insert, select, update

from channels.memory import MemoryGateway
from channels.registry import Gateways
from devtools import texts
from domain.errors import LimitExceeded, NotAuthenticated
from domain.gateway_errors import GatewayError, TemporaryGatewayError, UnknownResult
from domain.owners import Owner
from domain.roles import Role
from domain.statuses import Channel, SuppressionReason
from exts import db
from models import Administrator, EventDelivery, PrefixClosure, SeenProcess
from services import demo
from services.audit.trail import Actor
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import gateway_switches
from services.hooks import hooks
from services.keys import api_keys, key_rotation, twilio_tokens
from services.limits import safe_prefixes
from services.limits.refusals import Refusals
from services.messaging import suppressions
from services.people import administrators, invitations
from services.process.parts import part
from services.request_log.noting import RequestLog
from services.roster import editing
from services.scheduling import schedule_runs, schedules
from services.scheduling.schedule_rules import NewSchedule
from services.sheets import draft_files, drafts
from services.sign_in import sessions
from services.webhooks import deliveries, endpoints

MESSAGES = 6_000
"""Messages of the past month; those that `_carry` sends are newer and come first in lists."""


def gateways() -> list[MemoryGateway]:
    """Return memory gateways, each named for its role."""
    made = [
        MemoryGateway("mail", Channel.EMAIL),
        MemoryGateway("main", countries=frozenset({"CN", "HK"}), weight=70),
        MemoryGateway("world"),
        MemoryGateway("spare", weight=0),
    ]
    for gateway, kind in zip(made, ("smtp", "aliyun", "twilio", "http"), strict=True):
        gateway.type = kind
    made[1].rate = 50
    return made


def furnish(email: str, password: str) -> None:
    """Add people, keys, schedules, traffic and audit entries to a console that has only its first administrator."""
    maria = Actor(1, email, "203.0.113.7", Role.OWNER)
    _carry(maria)
    _pump(maria)
    _list()
    administrators.add("kim@example.org", "operator", password, by=maria)
    administrators.add("lee@example.org", "viewer", by=maria)
    administrators.add("former.colleague@example.org", "operator", password, by=maria)
    administrators.disable("former.colleague@example.org", by=maria)
    for address, agent in (("kim@example.org", "Firefox/140 Linux"), (email, "iPhone Mac OS X Safari/605")):
        sessions.sign_in(address, password, ip="198.51.100.23", user_agent=agent)
    for address in ("kim@example.org", "stranger@example.net"):
        with suppress(NotAuthenticated):
            sessions.sign_in(address, "wrong", ip="198.51.100.99", user_agent="Chrome/140 Windows")
    _ask_for_codes("kim@example.org")
    api_keys.revoke(api_keys.create("Old shop", by=maria)[0].id, by=maria)
    shop, _ = api_keys.create("Web shop", networks=["203.0.113.0/24", "2001:db8::/32"], by=maria)
    key_rotation.rotate(shop.id, "7d", by=maria)
    api_keys.configure(shop.id, {"service_name": "Book Shop", "code_length": 8}, by=maria)
    twilio_tokens.give(shop.id, by=maria)
    _reach(f"key:{shop.id}", maria)
    _call(shop.id)
    api_keys.create("Nightly import", scopes=["messages", "read"], by=maria)
    api_keys.create("Staging", is_test=True)
    demo.fill(MESSAGES, now=datetime.now(UTC) - timedelta(minutes=10))
    schedules.add(
        NewSchedule("daily purge", "sendcode.purge", cron="17 3 * * *", kwargs={"older_than_days": 30})
    )
    schedules.run_now("daily purge", by=maria)
    schedules.add(
        NewSchedule(
            "daily report",
            "sendcode.daily_report",
            cron="10 8 * * *",
            zone="Europe/Berlin",
            kwargs={"recipients": ["ops@example.org"]},
        )
    )
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        schedule_runs.queue(connection, "1", "daily report", now - timedelta(hours=23))
        schedule_runs.queue(connection, "2", "daily report", now)
    schedule_runs.started(db.engine, "1", now - timedelta(hours=23))
    schedule_runs.failed(db.engine, "1", "TimeoutError", now - timedelta(hours=22, minutes=58))
    schedules.add(NewSchedule("roll-ups", "sendcode.roll_up", every="5m"), by=maria)
    schedules.add(NewSchedule("hourly report", "sendcode.hourly_report", cron="5 * * * *"), by=maria)
    schedules.disable("hourly report", by=maria)
    suppressions.add(Channel.EMAIL, "robin@example.net", SuppressionReason.UNSUBSCRIBED, by=None)
    suppressions.add(Channel.SMS, "+8613900139000", SuppressionReason.COMPLAINT, by=maria)
    invitations.invite("new.colleague@example.org", "operator", link_of=_link, by=maria)
    texts.furnish(maria)
    europe = {"base_url": "xyz123.api.infobip.com", "api_key": "not a key", "from": "Example"}
    editing.add(editing.form_for("infobip", "sms"), "europe", {**europe, "countries": "AT, CH, DE"}, by=maria)


def _call(key_id: str) -> None:
    for number in range(60):
        status, code = {3: (429, "limit_exceeded"), 7: (422, "invalid_destination")}.get(
            number % 20, (202, None)
        )
        path = "/api/v1/verifications" if number % 3 else "/api/v1/verifications/{verification_id}/check"
        part(RequestLog).note(
            key_id, "POST", path, status, code, 0.004 + number / 9000, f"shop-web-{number:08}"
        )
    part(RequestLog).write()


def _reach(owner: str, by: Actor) -> None:
    """Add endpoints that get events, with deliveries, and hooks of other servers."""
    ours = endpoints.create("https://8.8.8.8/sendcode/events", description="Operations", by=by).endpoint
    endpoints.create("https://8.8.4.4/hooks", events=["verification.approved"], owner=owner, by=by)
    for _ in range(3):
        deliveries.send_test(ours.id, by=by)
    now = datetime.now(UTC)
    told = {"tries": 1, "tried_at": now, "settled_at": now, "due_at": None, "took_ms": 87}
    for row, answer in zip(db.session.scalars(select(EventDelivery)).all(), (200, 500, 200), strict=True):
        status = "delivered" if answer == 200 else "failed"
        for name, value in {**told, "status": status, "answer_status": answer}.items():
            setattr(row, name, value)
    db.session.commit()
    for kind, name, to in (
        ("keycloak", "Employees", []),
        ("supabase", "Shop accounts", []),
        ("alertmanager", "On call", ["+8613800138000"]),
    ):
        hooks.add(kind, name, destinations=to, by=by)


def _ask_for_codes(email: str) -> None:
    """Switch on a second step for somebody."""
    with db.engine.begin() as connection:
        chosen = update(Administrator).where(Administrator.canonical == email)
        connection.execute(chosen.values(second_factor=Channel.EMAIL.value))


def _link(token: str) -> str:
    return f"https://sendcode.example.org/cms/invitation/{token}"


def _carry(by: Actor) -> None:
    """Send codes, some of them only after a gateway has failed."""
    _mail, main, world, spare = part(Gateways)
    main.failures += [  # type: ignore[attr-defined]
        TemporaryGatewayError("the provider answered 503"),
        UnknownResult("the provider did not answer in time"),
        GatewayError("the provider answered 400: isv.MOBILE_NUMBER_ILLEGAL"),
        TemporaryGatewayError("the provider answered 503"),
    ]
    for number in range(60):
        channel, to = (
            (Channel.SMS, f"+8613800{number % 7}0{number:04}")
            if number % 3
            else (Channel.EMAIL, f"u{number}@example.org")
        )
        verifications.issue(Request(channel, to), Owner("key:demo"))
    gateway_switches.switch_off(world.name, by=by)
    gateway_switches.set_weight(spare.name, 30, by=by)


def _list() -> None:
    """Begin two broadcasts: one with a list that has bad rows, one without a list."""
    title, text = "Your table is ready", "Dear {{ name }},\nyour table is ready at {{ time }}."
    made = [
        drafts.create(drafts.NewDraft(name, Channel.EMAIL, subject=title, text=text), 1)
        for name in ("Tables of Sunday", "Tables of Saturday")
    ]
    rows = [f"guest{number}@example.org,Guest {number},{18 + number % 4}:30" for number in range(1, 240)]
    rows[7], rows[40], rows[99], rows[200] = (
        "nobody,Kim,19:30",
        rows[3],
        "ann@example.org,,20:30",
        "bo@example.org,Bo",
    )
    file = io.BytesIO("\n".join(["E-Mail,Name,Time", *rows]).encode())
    draft_files.upload(drafts.get(made[1], 1), file, "tables.csv")


def _pump(by: Actor) -> None:
    """Close a prefix, refuse some senders, and put an entry on the safe list."""
    now = datetime.now(UTC)
    row = {"country": "CN", "times": 2, "sends": 46, "approved": 1, "until": now + timedelta(minutes=107)}
    with db.engine.begin() as connection:
        values = {"prefix": "+861700521", "closed_at": now - timedelta(minutes=13), **row}
        connection.execute(insert(PrefixClosure).values(**values))
    safe_prefixes.add("+86 138 0013", "our own test phones", by=by)
    for limit, who, count in (
        ("pumping_guard", "+861700521", 212),
        ("ip_sends_per_minute", "198.51.100.77", 31),
        ("resend_cooldown", "+86138****8000", 4),
    ):
        for _ in range(count):
            part(Refusals).note(LimitExceeded(limit, 60, who=who))


def say_alive(app: Flask) -> None:
    """Mark a worker and a clock as just seen, for screenshots: real ones report every few seconds."""
    now = datetime.now(UTC)
    seen = SeenProcess.__table__
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(delete(seen))
        connection.execute(
            insert(seen),
            [
                {"name": "beat@alpha:311", "kind": "beat", "lanes": "", "seen_at": now},
                {"name": "worker@alpha:312", "kind": "worker", "lanes": "sms,email,bulk", "seen_at": now},
                {"name": "worker@beta:87", "kind": "worker", "lanes": "sms", "seen_at": now},
            ],
        )

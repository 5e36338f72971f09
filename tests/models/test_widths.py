"""Every column of text is as wide as the longest value that can reach it: SQLite takes longer ones, others don't."""

import zoneinfo
from enum import StrEnum

import pytest
from sqlalchemy import String, Text

from channels.fields import forms
from domain import errors, gateway_errors, hooks, statuses
from domain.actions import Action
from domain.alarms import Kind
from domain.brand import LONGEST_FOOTER
from domain.destinations import LONGEST_LOCAL_PART
from domain.events import EventType
from domain.keyring import key_id
from domain.mail_outcomes import MailOutcome
from domain.roles import Role
from domain.web_addresses import LONGEST_URL
from exts import db
from models.api_request import LONGEST_PATH
from models.webhook import ANSWER_CHARACTERS
from services.account import passkey_setup
from services.codes import checks
from services.delivery import judging
from services.events import telling
from services.gateways import report_notes
from services.keys import api_keys
from services.limits import safe_prefixes
from services.process.housekeeping import MOST_IDS, process_name
from services.scheduling import schedule_rules, schedule_runs
from services.sheets import drafts
from services.templating import titles
from services.templating.text_checks import LONGEST_COMMENT
from services.webhooks import posting
from services.webhooks.endpoint_views import LONGEST_DESCRIPTION

ID, HASH, HINT = 32, 64, api_keys.HINT_LENGTH
ADDRESS, COUNTRY, NUMBER, AGENT = 45, 2, 16, 255
"""An IPv6 address with an IPv4 one in it; ISO 3166; `+` and 15 digits (E.164); cut."""
MAILBOX = LONGEST_LOCAL_PART + 1 + 253
OWNER = len("session:") + ID
NAME = PURPOSE = QUEUE = 64
LOCALE = 35


def longest(words: type[StrEnum]) -> int:
    return max(map(len, words))


def all_codes(root: type[errors.SendcodeError]) -> set[str]:
    return {root.code}.union(*map(all_codes, root.__subclasses__()))


CHANNEL, STATUS = longest(statuses.Channel), longest(statuses.MessageStatus)
ERROR = max(judging.ERROR_LENGTH, report_notes.REASON_LENGTH)
ZONE = max(map(len, zoneinfo.available_timezones()))
PROCESS = len("worker@") + 80 + len(":4194304")
PEPPER_IDS = MOST_IDS * (len(key_id("k" * 32)) + 1) - 1
IN_BROWSER = {"ip": ADDRESS, "user_agent": AGENT}
REACHED: dict[str, dict[str, int]] = {
    "administrator": {
        "email": MAILBOX,
        "canonical": MAILBOX,
        "phone": NUMBER,
        "role": longest(Role),
        "password_hash": 97,
        "locale": LOCALE,
        "zone": ZONE,
        "second_factor": CHANNEL,
    },
    "administrator_session": {"id": ID, "token_hash": HASH, **IN_BROWSER},
    "api_key": {"id": ID, "name": api_keys.LONGEST_NAME},
    "api_hour": {"api_key_id": ID},
    "api_key_secret": {
        "api_key_id": ID,
        "key_hash": HASH,
        "hint": HINT,
        "kind": longest(statuses.SecretKind),
    },
    "api_request": {
        "id": ID,
        "api_key_id": ID,
        "method": 8,
        "path": LONGEST_PATH,
        "code": max(map(len, all_codes(errors.SendcodeError))),
        "request_id": 64,
    },
    "audit_entry": {
        "actor": MAILBOX,
        "ip": ADDRESS,
        "action": longest(Action),
        "subject": MAILBOX,
        "subject_id": NAME,
    },
    "authenticator": {},
    "broadcast": {
        "id": ID,
        "owner": OWNER,
        "name": drafts.LONGEST_NAME,
        "channel": CHANNEL,
        "template": NAME,
    },
    "broadcast_draft": {
        "id": ID,
        "name": drafts.LONGEST_NAME,
        "channel": CHANNEL,
        "template": NAME,
        "locale": LOCALE,
    },
    "broadcast_draft_part": {"draft_id": ID},
    "broadcast_part": {"broadcast_id": ID},
    "default_step": {"purpose": PURPOSE, "channel": CHANNEL},
    "delivery_hour": {"channel": CHANNEL, "gateway": NAME},
    "event": {"id": ID, "type": longest(EventType), "subject": NAME},
    "event_delivery": {
        "id": ID,
        "event_id": ID,
        "webhook_id": ID,
        "kind": len(telling.WEBHOOK),
        "url": LONGEST_URL,
        "status": longest(statuses.DeliveryStatus),
        "lease_token": ID,
        "answer": ANSWER_CHARACTERS,
        "error": posting.ERROR_LENGTH,
    },
    "early_outcome": {
        "gateway": NAME,
        "gateway_reference": ERROR,
        "outcome": longest(MailOutcome),
        "reason": ERROR,
    },
    "early_report": {
        "gateway": NAME,
        "gateway_reference": ERROR,
        "status": STATUS,
        "reason": ERROR,
    },
    "gateway": {
        "name": NAME,
        "kind": max(len(form.kind) for form in forms()),
        "channel": CHANNEL,
        "version": ID,
    },
    "gateway_switch": {"name": NAME},
    "hook": {
        "id": ID,
        "type": longest(hooks.HookType),
        "name": hooks.LONGEST_NAME,
        "channel": CHANNEL,
    },
    "hook_delivery": {"key": HASH, "state": HASH},
    "idempotent_answer": {"owner": OWNER, "key": HASH, "fingerprint": HASH},
    "incident": {"kind": longest(Kind), "subject": NAME},
    "invitation": {
        "id": ID,
        "token_hash": HASH,
        "email": MAILBOX,
        "canonical": MAILBOX,
        "role": longest(Role),
    },
    "lease": {"name": NAME, "holder": PROCESS + 9},
    "limit_window": {"key": len("fail|email|") + PURPOSE + 1 + MAILBOX},
    "mail_brand": {"colour": len("#123456"), "footer": LONGEST_FOOTER, "logo": ID},
    "mail_logo": {"name": ID},
    "message": {
        "id": ID,
        "owner": OWNER,
        "verification_id": ID,
        "broadcast_id": ID,
        "channel": CHANNEL,
        "lane": longest(statuses.Lane),
        "to": MAILBOX,
        "canonical": MAILBOX,
        "country": COUNTRY,
        "template": NAME,
        "locale": LOCALE,
        "status": STATUS,
        "lease_token": ID,
        "gateway": NAME,
        "ask_first": NAME,
        "gateway_reference": ERROR,
        "error": ERROR,
        "resent_as": ID,
        "traceparent": len(f"00-{0:032x}-{0:016x}-01"),
    },
    "message_try": {
        "message_id": ID,
        "gateway": NAME,
        "answer": max(map(len, all_codes(gateway_errors.GatewayError))),
        "reason": ERROR,
    },
    "owner_hour": {"owner": OWNER, "channel": CHANNEL, "gateway": NAME},
    "passkey": {"id": ID, "credential_hash": HASH, "name": passkey_setup.LONGEST_NAME},
    "passkey_challenge": {"owner": len("session:") + ID},
    "prefix_closure": {"prefix": NUMBER, "country": COUNTRY},
    "recovery_code": {"code_hash": HASH},
    "rolled_hour": {},
    "safe_prefix": {"prefix": NUMBER, "note": safe_prefixes.LONGEST_NOTE},
    "schedule": {
        "name": schedule_rules.LONGEST_NAME,
        "task": schedule_rules.LONGEST_TASK,
        "crontab": schedule_rules.LONGEST_LINE,
        "timezone": ZONE,
        "queue": QUEUE,
    },
    "schedule_run": {
        "id": 36,
        "schedule_name": schedule_rules.LONGEST_NAME,
        "state": longest(statuses.RunState),
        "result": schedule_runs.LONGEST_RESULT,
    },
    "seen_process": {
        "name": PROCESS,
        "kind": len("worker"),
        "lanes": len("sms,email,bulk") + 4,
        "pepper_ids": PEPPER_IDS,
    },
    "sign_in": {"typed": MAILBOX, "outcome": longest(statuses.SignInOutcome), **IN_BROWSER},
    "sign_in_step": {"id": ID, "token_hash": HASH, **IN_BROWSER},
    "status_callback": {"message_id": ID},
    "suppression": {
        "id": ID,
        "channel": CHANNEL,
        "canonical": MAILBOX,
        "reason": longest(statuses.SuppressionReason),
    },
    "template": {"name": NAME, "channel": CHANNEL, "locale": LOCALE, "purpose": PURPOSE},
    "template_title": {"name": NAME, "title": titles.LONGEST},
    "template_version": {"host": 253, "comment": LONGEST_COMMENT},
    "test_number": {"id": ID, "channel": CHANNEL, "to": MAILBOX, "canonical": MAILBOX},
    "traffic_hour": {"channel": CHANNEL, "gateway": NAME, "country": COUNTRY, "purpose": PURPOSE},
    "unknown_word": {"gateway": NAME, "word": 64},
    "verification": {
        "id": ID,
        "owner": OWNER,
        "channel": CHANNEL,
        "to": MAILBOX,
        "canonical": MAILBOX,
        "purpose": PURPOSE,
        "locale": LOCALE,
        "pepper_id": 8,
        "message_id": ID,
        "client_ip": ADDRESS,
        "attempt_times": checks.MOST_TIMES * len(f"{checks.LATEST},"),
    },
    "verification_step": {
        "verification_id": ID,
        "channel": CHANNEL,
        "to": MAILBOX,
        "canonical": MAILBOX,
        "message_id": ID,
        "reason": max(NAME, *map(len, all_codes(errors.SendcodeError))),
    },
    "webhook": {
        "id": ID,
        "owner": OWNER,
        "url": LONGEST_URL,
        "description": LONGEST_DESCRIPTION,
        "off_reason": len("failing"),
    },
}
"""The longest value of each column, by its source: a new column needs a look at what can get into it."""


def texts(table: str) -> dict[str, int | None]:
    columns = db.metadata.tables[table].columns
    return {
        one.name: one.type.length
        for one in columns
        if isinstance(one.type, String) and not isinstance(one.type, Text)
    }


@pytest.mark.parametrize("table", sorted(db.metadata.tables))
def test_each_column_has_room_for_the_longest_value_that_can_reach_it(table: str) -> None:
    reached = REACHED[table]
    widths = texts(table)
    assert reached.keys() == widths.keys()
    assert {name: width for name, width in widths.items() if width is None or width < reached[name]} == {}


def test_names_of_processes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "h" * 300)
    assert len(process_name("worker")) <= PROCESS

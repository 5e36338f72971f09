"""Every form of the console: its fields, and its audit entry.

A new view that takes a POST needs a line here: in `CHANGES` with its audit action, or in `NOT_AUDITED` with the reason
why it is not audited.
"""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask

from channels.memory import MemoryGateway
from domain.actions import Action
from domain.fallback import GivenStep
from domain.owners import Owner
from domain.statuses import Channel
from domain.template_keys import parse
from exts import db
from models import Administrator, EventDelivery, Passkey, PrefixClosure
from services.audit import trail
from services.codes import default_chains, verifications
from services.gateways import gateway_switches
from services.hooks import hooks
from services.keys import api_keys, key_rotation
from services.limits import safe_prefixes
from services.messaging import broadcasts, messages, suppression_lists
from services.people import administrators, invitations
from services.roster import editing
from services.scheduling import schedule_views, schedules
from services.scheduling.schedule_rules import NewSchedule
from services.sheets import draft_files, drafts
from services.sign_in import session_lists
from services.templating import templates
from services.templating.text_sources import Source
from services.test_numbers import test_numbers
from services.webhooks import deliveries, endpoints
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in, options_on, secret_on
from tests.databases import replace_rows
from tests.devices import Device

KIM, DAN, VERA = "kim@example.org", "dan@example.org", "vera@example.org"
NEW_PASSWORD = "eight green herons"
SITE, PASSKEY = "https://codes.example.org", "5" * 32


@dataclass(frozen=True)
class House:
    """A console with something to change, and its users."""

    app: Flask
    jane: Visitor
    names: Mapping[str, str]
    mails: MemoryGateway


class Snapshot:
    """A house to copy: to furnish one takes longer than most tests of it."""

    FRESH_SECONDS = 60
    """Then the next one is furnished anew: codes and proofs of a password last for minutes only."""

    def __init__(self, file: Path):
        self._file = file
        self._until = 0.0
        self._names: Mapping[str, str] = {}
        self._cookie = ""

    def taken(self, house: House, database: Path) -> House:
        """Keep a house for the next tests, and return it."""
        replace_rows(database, self._file)
        self._names, self._cookie = house.names, house.jane.cookie()
        self._until = time.monotonic() + self.FRESH_SECONDS
        return house

    def restored(
        self, app: Flask, newcomer: Callable[[], Visitor], mails: MemoryGateway, database: Path
    ) -> House | None:
        """Return a copy of the house that was kept, if it is fresh."""
        if time.monotonic() > self._until:
            return None
        replace_rows(self._file, database)
        jane = newcomer()
        jane.client.set_cookie("sendcode_session", self._cookie)
        return House(app, jane, self._names, mails)


Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One change: its path, with names of the house in braces, and its fields."""

    action: Action
    path: str
    fields: Fields | Callable[[House], Fields] = field(default_factory=dict)

    def filled(self, house: House) -> tuple[str, Fields]:
        fields = self.fields(house) if callable(self.fields) else self.fields
        return self.path.format(**house.names), fields


def code_by_mail(house: House) -> Fields:
    house.jane.submit("/cms/account/email/send", email="jane.doe@example.net")
    return {"code": code_in(house.mails)}


def switched_off(house: House) -> Fields:
    with house.app.app_context():
        gateway_switches.switch_off("memory-sms", is_meant=True)
    return {}


def without_cooldown(house: House) -> Fields:
    house.app.config["RESEND_COOLDOWN_SECONDS"] = 0
    return {}


def paused(house: House) -> Fields:
    house.jane.submit(f"/cms/broadcasts/{house.names['broadcast']}/pause")
    return {}


def second_factor_by_mail(house: House) -> Fields:
    house.jane.submit("/cms/account/second-step/send", channel="email")
    return {"code": code_in(house.mails)}


def second_factor_on(house: House) -> Fields:
    house.jane.submit("/cms/account/second-step/confirm", **second_factor_by_mail(house))
    return {}


def app_begun(house: House) -> Fields:
    house.jane.submit("/cms/account/second-step/app")
    return {"code": app_code(house)}


def app_added(house: House) -> Fields:
    house.jane.submit("/cms/account/second-step/app/confirm", **app_begun(house))
    return {}


def app_beside_codes(house: House) -> Fields:
    second_factor_on(house)
    return app_added(house)


def passkey_made(house: House) -> Fields:
    house.app.config["PUBLIC_URL"] = SITE
    page = house.jane.get("/cms/account/second-step/passkeys/new").text
    return {"name": "Laptop", "answer": Device(SITE).create(options_on(page))}


def passkey_added(house: House) -> Fields:
    with house.app.app_context():
        passkey = {"credential_hash": "", "credential_id": b"", "public_key": b"", "sign_count": 0}
        now = datetime.now(UTC)
        db.session.add(
            Passkey(id=PASSKEY, administrator_id=1, name="Laptop", transports=[], added_at=now, **passkey)
        )
        db.session.commit()
    return {}


def app_code(house: House) -> str:
    """Return what an app shows that has scanned the code on the page."""
    return pyotp.TOTP(secret_on(house.jane.get("/cms/account/second-step/app").text)).now()


def second_factor_of_kim(house: House) -> Fields:
    with house.app.app_context():
        db.session.scalars(db.select(Administrator).filter_by(email=KIM)).one().second_factor = "email"
        db.session.commit()
    return {}


def webhook_off(house: House) -> Fields:
    house.jane.submit(f"/cms/webhooks/{house.names['webhook']}/off")
    return {}


TEXT = "/cms/templates/code.sms.en"
STORED = {"url": "http://127.0.0.1:9/", "secret": "hush", "sender": "no-reply@example.org"}
NOT_AUDITED = {
    "cms.search_messages": "goes to a list, and keeps what was typed out of its address",
    "cms.search_everything": "goes to what was found, and keeps what was typed out of its address",
    "cms.search_verifications": "goes to a list, and keeps what was typed out of its address",
    "cms.show_understood": "tells what a typed number means, and keeps nothing",
    "cms.preview_message": "shows what is typed, and keeps nothing",
    "cms.add_draft": "keeps what its author alone sees, and sends nothing",
    "cms.upload_list": "the same",
    "cms.match_columns": "the same",
    "cms.discard_draft": "the same",
    "cms.preview_template": "shows what is typed, and keeps nothing",
    "cms.preview_mail": "shows what is typed, and keeps nothing",
    "cms.send_invitation_code": "a code was sent, and nothing is changed until it comes back",
    "cms.accept_invitation": "nobody is signed in; tests/cms/people/test_invitations.py looks into the audit",
    "cms.find_suppression": "looks a destination up, and keeps it out of the address",
    "cms.sign_in": "nobody is signed in; the log tells of it",
    "cms.logout": "ends the own session only",
    "cms.set_theme": "changes a cookie of this browser only",
    "cms.choose_language": "changes the cookie of this browser only",
    "cms.prove_password": "proves, and changes nothing",
    "cms.check_second_step": "nobody is signed in; the history of sign-ins tells of it",
    "cms.send_second_step": "a code was sent, and nothing is changed until it comes back",
    "cms.check_passkey_step": "nobody is signed in; the history of sign-ins tells of it",
    "cms.check_app_step": "nobody is signed in; the history of sign-ins tells of it",
    "cms.begin_authenticator": "a secret was made, and nothing is changed until a code of it comes back",
    "cms.use_recovery_code": "needs a begun sign-in; tests/cms/sign_in/test_second_step.py looks into the audit",
    "cms.send_second_factor": "a code was sent, and nothing is changed until it comes back",
    "cms.send_code": "a code was sent, and nothing is changed until it comes back",
    "cms.cancel_code": "gives up what was not changed yet",
}
SCHEDULE = {
    "name": "nightly",
    "task": "sendcode.purge",
    "timing": "every",
    "number": "2",
    "unit": "h",
    "zone": "UTC",
}
CHANGES = {
    "cms.confirm_code": Form(Action.EMAIL_CHANGED, "/cms/account/email/confirm", code_by_mail),
    "cms.set_zone": Form(Action.ZONE_CHANGED, "/cms/account/zone", {"zone": "Europe/Berlin"}),
    "cms.set_language": Form(Action.LANGUAGE_CHANGED, "/cms/account/language", {"language": "de"}),
    "cms.set_password": Form(
        Action.PASSWORD_CHANGED, "/cms/password", {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    ),
    "cms.confirm_second_factor": Form(
        Action.SECOND_FACTOR_ON, "/cms/account/second-step/confirm", second_factor_by_mail
    ),
    "cms.stop_second_factor_codes": Form(
        Action.SECOND_FACTOR_OFF, "/cms/account/second-step/codes-off", app_beside_codes
    ),
    "cms.confirm_authenticator": Form(
        Action.AUTHENTICATOR_ADDED, "/cms/account/second-step/app/confirm", app_begun
    ),
    "cms.remove_authenticator": Form(
        Action.AUTHENTICATOR_REMOVED, "/cms/account/second-step/app/remove", app_added
    ),
    "cms.add_passkey": Form(Action.PASSKEY_ADDED, "/cms/account/second-step/passkeys/new", passkey_made),
    "cms.remove_passkey": Form(
        Action.PASSKEY_REMOVED, f"/cms/account/second-step/passkeys/{PASSKEY}/remove", passkey_added
    ),
    "cms.renew_recovery_codes": Form(Action.RECOVERY_CODES_MADE, "/cms/account/second-step/codes"),
    "cms.switch_second_factor_off": Form(
        Action.SECOND_FACTOR_OFF, "/cms/account/second-step/off", second_factor_on
    ),
    "cms.end_session": Form(Action.OWN_SESSIONS_ENDED, "/cms/account/sessions/{session}/end"),
    "cms.end_other_sessions": Form(Action.OWN_SESSIONS_ENDED, "/cms/account/sessions/end-others"),
    "cms.add_administrator": Form(
        Action.ADMINISTRATOR_ADDED, "/cms/administrators/new", {"email": "new@example.org", "role": "viewer"}
    ),
    "cms.invite": Form(
        Action.INVITED, "/cms/administrators/invite", {"email": "new@example.org", "role": "viewer"}
    ),
    "cms.resend_invitation": Form(
        Action.INVITATION_RESENT, "/cms/administrators/invitations/{invitation}/resend"
    ),
    "cms.withdraw_invitation": Form(
        Action.INVITATION_WITHDRAWN, "/cms/administrators/invitations/{invitation}/withdraw"
    ),
    "cms.change_role": Form(Action.ROLE_CHANGED, "/cms/administrators/{kim}/role", {"role": "viewer"}),
    "cms.reset_password": Form(Action.PASSWORD_RESET, "/cms/administrators/{kim}/reset-password"),
    "cms.reset_second_factor": Form(
        Action.SECOND_FACTOR_RESET, "/cms/administrators/{kim}/second-step-off", second_factor_of_kim
    ),
    "cms.disable_administrator": Form(Action.ADMINISTRATOR_DISABLED, "/cms/administrators/{kim}/disable"),
    "cms.enable_administrator": Form(Action.ADMINISTRATOR_ENABLED, "/cms/administrators/{dan}/enable"),
    "cms.sign_out_administrator": Form(Action.SESSIONS_ENDED, "/cms/administrators/{kim}/sign-out"),
    "cms.add_key": Form(Action.KEY_ADDED, "/cms/api-keys/new", {"name": "Shop", "scopes": ["read"]}),
    "cms.save_key": Form(Action.KEY_EDITED, "/cms/api-keys/{key}/edit", {"scopes": ["read"]}),
    "cms.save_key_settings": Form(Action.KEY_EDITED, "/cms/api-keys/{key}/settings", {"code_length": "8"}),
    "cms.rotate_key": Form(Action.KEY_ROTATED, "/cms/api-keys/{key}/rotate", {"overlap": "1h"}),
    "cms.end_secret": Form(Action.KEY_SECRET_ENDED, "/cms/api-keys/{key}/secrets/{secret}/end"),
    "cms.make_twilio_token": Form(Action.TWILIO_TOKEN_MADE, "/cms/api-keys/{key}/twilio"),
    "cms.revoke_key": Form(Action.KEY_REVOKED, "/cms/api-keys/{key}/revoke"),
    "cms.add_hook": Form(Action.HOOK_ADDED, "/cms/hooks/new", {"type": "logto", "name": "Logto"}),
    "cms.rotate_hook": Form(Action.HOOK_ROTATED, "/cms/hooks/{hook}/rotate"),
    "cms.save_hook_settings": Form(Action.HOOK_EDITED, "/cms/hooks/{hook}/settings", {"text": "theirs"}),
    "cms.switch_hook_off": Form(Action.HOOK_EDITED, "/cms/hooks/{hook}/off"),
    "cms.switch_hook_on": Form(Action.HOOK_EDITED, "/cms/hooks/{off}/on"),
    "cms.test_hook": Form(Action.HOOK_TESTED, "/cms/hooks/{hook}/test", {"to": "+8613700137000"}),
    "cms.remove_hook": Form(Action.HOOK_REMOVED, "/cms/hooks/{hook}/remove"),
    "cms.add_suppression": Form(Action.SUPPRESSION_ADDED, "/cms/suppressions/add", {"to": "new@example.org"}),
    "cms.remove_suppression": Form(Action.SUPPRESSION_REMOVED, "/cms/suppressions/{suppressed}/remove"),
    "cms.import_suppressions": Form(
        Action.SUPPRESSION_ADDED,
        "/cms/suppressions/import",
        lambda _: {"file": (io.BytesIO(b"new@example.org\n"), "list.csv")},
    ),
    "cms.export_suppressions": Form(Action.SUPPRESSIONS_EXPORTED, "/cms/suppressions/export"),
    "cms.add_schedule": Form(Action.SCHEDULE_ADDED, "/cms/schedules/new", SCHEDULE),
    "cms.save_schedule": Form(Action.SCHEDULE_EDITED, "/cms/schedules/{running}/edit", SCHEDULE),
    "cms.run_schedule": Form(Action.SCHEDULE_RUN, "/cms/schedules/{running}/run"),
    "cms.pause_schedule": Form(Action.SCHEDULE_PAUSED, "/cms/schedules/{running}/pause"),
    "cms.resume_schedule": Form(Action.SCHEDULE_RESUMED, "/cms/schedules/{paused}/resume"),
    "cms.remove_schedule": Form(Action.SCHEDULE_REMOVED, "/cms/schedules/{running}/remove"),
    "cms.add_gateway": Form(
        Action.GATEWAY_ADDED,
        "/cms/gateways/new/type/sms/http",
        {"name": "other", "url": "http://127.0.0.1:9/", "secret": "hush"},
    ),
    "cms.save_gateway": Form(
        Action.GATEWAY_EDITED, "/cms/gateways/stored/settings", STORED | {"url": "http://127.0.0.1:8/"}
    ),
    "cms.remove_gateway": Form(Action.GATEWAY_REMOVED, "/cms/gateways/stored/remove"),
    "cms.switch_gateway_off": Form(
        Action.GATEWAY_SWITCHED_OFF, "/cms/gateways/memory-sms/off", {"is_last": "1"}
    ),
    "cms.switch_gateway_on": Form(Action.GATEWAY_SWITCHED_ON, "/cms/gateways/memory-sms/on", switched_off),
    "cms.set_gateway_weight": Form(
        Action.GATEWAY_WEIGHT_SET, "/cms/gateways/memory-sms/weight", {"weight": "7"}
    ),
    "cms.test_gateway": Form(Action.GATEWAY_TESTED, "/cms/gateways/memory-mail/test", {"to": EMAIL}),
    "cms.open_prefix": Form(Action.PREFIX_OPENED, "/cms/settings/pumping/open", {"prefix": "+861700521"}),
    "cms.add_safe_prefix": Form(
        Action.SAFE_PREFIX_ADDED, "/cms/settings/pumping/safe", {"prefix": "+49 170"}
    ),
    "cms.remove_safe_prefix": Form(Action.SAFE_PREFIX_REMOVED, "/cms/settings/pumping/safe/1/remove"),
    "cms.add_test_number": Form(
        Action.TEST_NUMBER_ADDED,
        "/cms/test-numbers",
        lambda _: {"to": "+8613700137000", "code": "246810", "until": f"{datetime.now(UTC):%Y-%m-%d}"},
    ),
    "cms.remove_test_number": Form(Action.TEST_NUMBER_REMOVED, "/cms/test-numbers/{test_number}/remove"),
    "cms.resend_message": Form(Action.MESSAGE_RESENT, "/cms/messages/{sent}/resend"),
    "cms.cancel_message": Form(Action.MESSAGE_CANCELED, "/cms/messages/{waiting}/cancel"),
    "cms.bulk": Form(Action.MESSAGES_CANCELED, "/cms/messages/bulk/cancel"),
    "cms.export_audit": Form(Action.AUDIT_EXPORTED, "/cms/audit/export"),
    "cms.export_messages": Form(Action.MESSAGES_EXPORTED, "/cms/messages/export"),
    "cms.show_message_destination": Form(
        Action.MESSAGE_DESTINATIONS_SHOWN, "/cms/messages/{sent}/destination"
    ),
    "cms.show_message_text": Form(Action.MESSAGE_TEXT_SHOWN, "/cms/messages/{sent}/text"),
    "cms.show_message_destinations": Form(Action.MESSAGE_DESTINATIONS_SHOWN, "/cms/messages/destinations"),
    "cms.send_message": Form(
        Action.MESSAGE_SENT,
        "/cms/messages/new",
        {"what": "email/", "to": "kai@example.org", "subject": "News", "text": "Hello"},
    ),
    "cms.test_draft": Form(Action.MESSAGE_SENT, "/cms/broadcasts/drafts/{draft}/test", {"number": "1"}),
    "cms.send_draft": Form(Action.BROADCAST_STARTED, "/cms/broadcasts/drafts/{draft}/send", {"when": "now"}),
    "cms.show_broadcast_text": Form(Action.BROADCAST_TEXT_SHOWN, "/cms/broadcasts/{broadcast}/text"),
    "cms.pause_broadcast": Form(Action.BROADCAST_PAUSED, "/cms/broadcasts/{broadcast}/pause"),
    "cms.resume_broadcast": Form(Action.BROADCAST_RESUMED, "/cms/broadcasts/{broadcast}/resume", paused),
    "cms.cancel_broadcast": Form(Action.BROADCAST_CANCELED, "/cms/broadcasts/{broadcast}/cancel"),
    "cms.resend_verification": Form(
        Action.VERIFICATION_RESENT, "/cms/verifications/{verification}/resend", without_cooldown
    ),
    "cms.take_next_channel": Form(
        Action.VERIFICATION_NEXT_CHANNEL, "/cms/verifications/{verification}/next-channel"
    ),
    "cms.cancel_verification": Form(Action.VERIFICATION_CANCELED, "/cms/verifications/{verification}/cancel"),
    "cms.bulk_cancel": Form(Action.VERIFICATIONS_CANCELED, "/cms/verifications/bulk/cancel"),
    "cms.export_verifications": Form(Action.VERIFICATIONS_EXPORTED, "/cms/verifications/export"),
    "cms.show_verification_destination": Form(
        Action.VERIFICATION_DESTINATIONS_SHOWN, "/cms/verifications/{verification}/destination"
    ),
    "cms.show_verification_destinations": Form(
        Action.VERIFICATION_DESTINATIONS_SHOWN, "/cms/verifications/destinations"
    ),
    "cms.save_template": Form(Action.TEMPLATE_SAVED, f"{TEXT}/edit", {"text": "New {{ code }}", "base": "2"}),
    "cms.save_brand": Form(Action.BRAND_CHANGED, "/cms/brand", {"colour": "#aa3300", "footer": "Acme"}),
    "cms.publish_template": Form(Action.TEMPLATE_PUBLISHED, f"{TEXT}/versions/2/publish"),
    "cms.discard_template": Form(Action.TEMPLATE_DISCARDED, f"{TEXT}/versions/2/discard"),
    "cms.withdraw_template": Form(Action.TEMPLATE_WITHDRAWN, f"{TEXT}/withdraw"),
    "cms.add_webhook": Form(Action.WEBHOOK_ADDED, "/cms/webhooks/new", {"url": "https://8.8.8.8/"}),
    "cms.save_webhook": Form(
        Action.WEBHOOK_EDITED, "/cms/webhooks/{webhook}/edit", {"url": "https://8.8.4.4/", "description": "x"}
    ),
    "cms.rotate_webhook": Form(Action.WEBHOOK_ROTATED, "/cms/webhooks/{webhook}/rotate", {"overlap": "1h"}),
    "cms.switch_webhook_off": Form(Action.WEBHOOK_SWITCHED_OFF, "/cms/webhooks/{webhook}/off"),
    "cms.switch_webhook_on": Form(Action.WEBHOOK_SWITCHED_ON, "/cms/webhooks/{webhook}/on", webhook_off),
    "cms.test_webhook": Form(Action.WEBHOOK_TESTED, "/cms/webhooks/{webhook}/test"),
    "cms.replay_failed": Form(Action.WEBHOOK_REPLAYED, "/cms/webhooks/{webhook}/replay", {"hours": "24"}),
    "cms.replay_delivery": Form(
        Action.WEBHOOK_REPLAYED, "/cms/webhooks/{webhook}/deliveries/{delivery}/replay"
    ),
    "cms.remove_webhook": Form(Action.WEBHOOK_REMOVED, "/cms/webhooks/{webhook}/remove"),
    "cms.set_fallback": Form(
        Action.FALLBACK_SET,
        "/cms/fallback",
        {"purpose": "login", "channel_1": "email", "seconds_1": "30"},
    ),
    "cms.remove_fallback": Form(Action.FALLBACK_REMOVED, "/cms/fallback/remove", {"purpose": "signup"}),
    "cms.test_template": Form(Action.TEMPLATE_TESTED, "/cms/templates/code.email.en/versions/0/test"),
}


def furnished(app: Flask, newcomer: Callable[[], Visitor], mails: MemoryGateway) -> House:
    """Make one of everything that can be changed; Jane, the owner, and Kim are signed in."""
    names = {}
    with app.app_context():
        for email, role in ((KIM, "operator"), (DAN, "operator"), (VERA, "viewer")):
            made, _ = administrators.add(email, role, PASSWORD)
            names[email.partition("@")[0]] = str(made.id)
        administrators.disable(DAN)
        invited = invitations.invite("guest@example.org", "viewer", link_of=str, by=trail.Actor(1, EMAIL))
        names["invitation"] = invited.id
        suppressed, _ = suppression_lists.add("gone@example.org")
        names["suppressed"] = suppressed.id
        names["key"] = api_keys.create("Old shop")[0].id
        names["secret"] = str(key_rotation.rotate(names["key"])[0].secrets[1].id)
        names |= _webhook()
        names["hook"] = hooks.add("kratos", "Kratos")[0].id
        names["off"] = hooks.add("logto", "Old Logto")[0].id
        hooks.switch(names["off"], is_on=False)
        editing.add(editing.form_for("http", "email"), "stored", STORED)
        schedules.add(NewSchedule("running", "sendcode.purge", every="1h"))
        schedules.add(NewSchedule("paused", "sendcode.purge", every="1h", enabled=False))
        test_numbers.add("reviewer@example.org", "246810", f"{datetime.now(UTC):%Y-%m-%d}")
        names["test_number"] = test_numbers.everything()[0].id
        names |= _traffic()
        default_chains.put("signup", [(Channel.EMAIL, 30)], by=trail.COMMAND_LINE)
        _guard()
        names |= {shown.name: str(shown.id) for shown in schedule_views.everything()}
        for number, text in enumerate(("First {{ code }}", "Second {{ code }}")):
            templates.save(parse("code.sms.en"), Source(text), base=number, by=trail.COMMAND_LINE)
        templates.publish(parse("code.sms.en"), 1, by=trail.COMMAND_LINE)
    for email in (KIM, EMAIL):
        newcomer().sign_in(email)
    with app.app_context():
        names["session"] = next(one.id for one in session_lists.living() if one.administrator_id == 1)
    with app.app_context():
        names["draft"] = _draft()
    jane = newcomer()
    jane.sign_in()
    return House(app, jane, names, mails)


def _draft() -> str:
    """Make a broadcast that Jane has not sent yet."""
    made = drafts.create(drafts.NewDraft("Spring", Channel.EMAIL, subject="News", text="Hello"), 1)
    draft_files.upload(drafts.get(made, 1), io.BytesIO(b"to\nkai@example.org\n"), "list.csv")
    return made


def _webhook() -> dict[str, str]:
    """Make an endpoint, and an event that it did not take."""
    made = endpoints.create("https://8.8.8.8/hook", events=["gateway.up"]).endpoint
    delivery = deliveries.send_test(made.id)
    db.session.execute(db.update(EventDelivery).values(status="failed", due_at=None))
    db.session.commit()
    return {"webhook": made.id, "delivery": delivery.id}


def _traffic() -> dict[str, str]:
    """Send a message, leave another and a broadcast waiting, and request a code."""
    owner, notice = Owner("key:a"), messages.Request(Channel.SMS, "+8613900139000", text="Hello")
    later = replace(notice, send_at=datetime.now(UTC) + timedelta(hours=1))
    by_mail = GivenStep(Channel.EMAIL, "kim@example.org", 30)
    code = verifications.Request(Channel.SMS, "+8613800138000", fallback=[by_mail])
    recipients = [{"to": "kai@example.org"}]
    many = broadcasts.Request(Channel.EMAIL, recipients, subject="News", text="Hello", send_at=later.send_at)
    return {
        "sent": messages.send(notice, owner).id,
        "waiting": messages.send(later, owner).id,
        "broadcast": broadcasts.start(many, owner).id,
        "verification": verifications.issue(code, owner).id,
    }


def _guard() -> None:
    """Close a prefix, and put another on the safe list."""
    now = datetime.now(UTC)
    db.session.add(
        PrefixClosure(
            prefix="+861700521",
            country="CN",
            times=1,
            sends=30,
            approved=0,
            closed_at=now,
            until=now + timedelta(hours=1),
        )
    )
    db.session.commit()
    safe_prefixes.add("+86138", "ours")

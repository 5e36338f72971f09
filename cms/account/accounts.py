"""The account page: change the e-mail address, the phone number and the time zone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import client_ip, signed_in
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame import sent_codes
from cms.frame.sent_codes import SentCode
from domain.destinations import readable
from domain.errors import Conflict, InvalidInput, LimitExceeded, MalformedCode, NotFound
from domain.roles import Role
from domain.statuses import VerificationStatus
from services.account import accounts, preferences
from services.account.accounts import Change
from services.codes.verification_views import VerificationView
from services.sign_in import ways
from services.typed import kept

SHOWN_CHANGES = {"email": Change.EMAIL, "phone": Change.PHONE}


@dataclass(frozen=True, slots=True)
class Card:
    """One change as the page shows it."""

    kind: str
    current: str | None
    value: str = ""
    sent: VerificationView | None = None
    errors: dict[str, str] = field(default_factory=dict)
    focus: str | None = None

    @property
    def sent_to(self) -> str:
        """Where the code went: a number in groups, with its country."""
        return readable(kept(self.sent.channel, self.sent.to)) if self.sent else ""

    @property
    def is_pending(self) -> bool:
        """Whether a code was sent that can still be entered."""
        return self.sent is not None and self.sent.status is VerificationStatus.PENDING

    @property
    def state(self) -> SentCode | None:
        """How far the code is on its way."""
        return sent_codes.of(self.sent, self.sent_to) if self.sent and self.is_pending else None

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the button works again, by the server's clock."""
        return _seconds_until(self.sent.resend_at) if self.sent else 0


@console.get("/account")
def show_account() -> str:
    """Show the account and any pending changes."""
    return _page(typed=drafts.take())


@console.post("/account/<kind>/send")
@needs(Role.VIEWER)
def send_code(kind: str) -> Answer:
    """Send a code to the new destination; a script gets only the card as the answer."""
    change, to = _change(kind), request.form.get(kind, "")
    try:
        accounts.send_code(signed_in(), change, to, client_ip=client_ip())
    except (InvalidInput, LimitExceeded, Conflict) as error:
        text = error_texts.destination_text(error, change.channel)
        card = _card(kind, value=to, errors={kind: text})
        return _answer(card), *error_texts.status_and_headers(error)
    if _wants_card():
        return _answer(_card(kind, focus="code"))
    return redirect(url_for("cms.show_account"), 303)


@console.post("/account/<kind>/understood")
@needs(Role.VIEWER)
def show_understood(kind: str) -> Response:
    """Tell, while somebody types, which number a code would go to, or why to none; nothing is kept."""
    change, to = _change(kind), request.form.get(kind, "")
    try:
        text = accounts.understood(change, to)
    except InvalidInput as error:
        text = error_texts.destination_text(error, change.channel)
    return Response(text, content_type="text/plain; charset=utf-8")


@console.post("/account/<kind>/confirm")
@needs(Role.VIEWER)
def confirm_code(kind: str) -> Answer:
    """Check the code and make the change."""
    change = _change(kind)
    try:
        result = accounts.confirm(signed_in(), change, request.form.get("code", ""), client_ip=client_ip())
    except (NotFound, Conflict) as error:
        text = error_texts.destination_text(error, change.channel)
        return _answer(_card(kind, errors={kind: text})), *error_texts.status_and_headers(error)
    except (MalformedCode, LimitExceeded) as error:
        text = error_texts.code_text(error, current_app.config["CODE_LENGTH"])
        return _answer(_card(kind, errors={"code": text})), *error_texts.status_and_headers(error)
    if not result.valid:
        return _answer(_card(kind, errors={"code": error_texts.result_text(result)})), 422
    flash(_changed_text(change), "success")
    return redirect(url_for("cms.show_account"), 303)


@console.post("/account/<kind>/cancel")
@needs(Role.VIEWER)
def cancel_code(kind: str) -> Response:
    """Cancel the change."""
    accounts.cancel(signed_in(), _change(kind))
    return redirect(url_for("cms.show_account"), 303)


@console.post("/account/zone")
@needs(Role.VIEWER)
def set_zone() -> Answer:
    """Set the time zone of all pages."""
    zone = request.form.get("zone", "")
    try:
        preferences.set_zone(signed_in(), zone, client_ip=client_ip())
    except InvalidInput:
        return _page(zone_error=_("Choose one from the list.")), 422
    flash(_("Times are shown in %(zone)s from now on.", zone=zone), "success")
    return redirect(url_for("cms.show_account"), 303)


def _change(kind: str) -> Change:
    return SHOWN_CHANGES.get(kind) or abort(404)


def _card(
    kind: str, *, value: str = "", errors: dict[str, str] | None = None, focus: str | None = None
) -> Card:
    administrator = signed_in().administrator
    sent = accounts.progress(signed_in(), SHOWN_CHANGES[kind])
    return Card(
        kind=kind,
        current=administrator.email if kind == "email" else administrator.phone,
        value=value or (sent.to if sent else ""),
        sent=sent,
        errors=errors or {},
        focus=next(iter(errors), None) if errors else focus,
    )


def _answer(card: Card) -> str:
    """Return only the card for a script, otherwise the whole page."""
    if _wants_card():
        return render_template("cms/account/_change.html", card=card, **_settings())
    return _page(shown=card)


def _page(
    shown: Card | None = None, typed: Mapping[str, str] = MappingProxyType({}), zone_error: str | None = None
) -> str:
    cards = [
        shown if shown and shown.kind == kind else _card(kind, value=typed.get(kind, ""))
        for kind in SHOWN_CHANGES
    ]
    focused = shown.kind if shown else next((card.kind for card in cards if card.is_pending), None)
    return render_template(
        "cms/account/account.html",
        cards=cards,
        focused=focused,
        zone_error=zone_error,
        has_second_step=bool(ways.of_account(signed_in().administrator.id)),
        **_settings(),
    )


def _settings() -> dict[str, Any]:
    settings = current_app.config
    return {"code_length": settings["CODE_LENGTH"], "home": settings["DEFAULT_REGION"]}


def _wants_card() -> bool:
    return request.headers.get("X-Card") == "1"


def _changed_text(change: Change) -> str:
    done = (
        _("Your e-mail address is changed.") if change is Change.EMAIL else _("Your phone number is saved.")
    )
    return " ".join((done, _("All other sessions are signed out.")))


def _seconds_until(moment: datetime) -> int:
    return max(0, math.ceil((moment - datetime.now(UTC)).total_seconds()))

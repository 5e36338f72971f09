"""The signed-in person's own second step: switch it on or off, and renew the recovery codes."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import client_ip, signed_in
from cms.account import recovery_pages
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.frame import sent_codes
from domain.destinations import mask
from domain.errors import Conflict, InvalidInput, LimitExceeded, MalformedCode, NotFound
from domain.roles import Role
from domain.statuses import Channel, VerificationStatus
from services.account import passkey_setup, second_factor_changes
from services.account import second_factor as service
from services.sign_in import recovery_codes, ways


@console.get("/account/second-step")
@needs(Role.VIEWER)
def second_factor() -> str:
    """Show whether the second step is on, and its settings."""
    return _page()


@console.post("/account/second-step/send")
@needs(Role.VIEWER, password=True)
def send_second_factor() -> Answer:
    """Send a code to the mailbox or the phone."""
    channel = Channel.SMS if request.form.get("channel") == Channel.SMS else Channel.EMAIL
    try:
        service.send_code(signed_in(), channel, client_ip=client_ip())
    except Conflict as error:
        return _page(_("Add a phone number first.")), *error_texts.status_and_headers(error)
    except (InvalidInput, LimitExceeded) as error:
        text = error_texts.destination_text(error, channel)
        return _page(text), *error_texts.status_and_headers(error)
    return redirect(url_for("cms.second_factor"), 303)


@console.post("/account/second-step/confirm")
@needs(Role.VIEWER, password=True)
def confirm_second_factor() -> Answer:
    """Check the code, switch the second step on, and show the recovery codes once."""
    try:
        result, codes = service.confirm(signed_in(), request.form.get("code", ""), client_ip=client_ip())
    except NotFound:
        return _page(_("Send a code first.")), 422
    except (MalformedCode, LimitExceeded) as error:
        text = error_texts.code_text(error, current_app.config["CODE_LENGTH"])
        return _page(code_error=text), *error_texts.status_and_headers(error)
    if not result.valid:
        return _page(code_error=error_texts.result_text(result)), 422
    if codes:
        return recovery_pages.shown(_("Your second step is on"), codes)
    flash(_("Codes are sent there from now on."), "success")
    return redirect(url_for("cms.second_factor"), 303)


@console.post("/account/second-step/codes")
@needs(Role.VIEWER, password=True)
def renew_recovery_codes() -> str:
    """Replace the recovery codes and show the new ones once."""
    codes = service.renew_codes(signed_in(), client_ip=client_ip())
    return recovery_pages.shown(_("Your new recovery codes"), codes)


@console.post("/account/second-step/codes-off")
@needs(Role.VIEWER, password=True)
def stop_second_factor_codes() -> Response:
    """Send no codes any more."""
    try:
        service.stop_codes(signed_in(), client_ip=client_ip())
    except Conflict:
        flash(recovery_pages.last_way_text(), "error")
    else:
        flash(_("No codes are sent to you any more when you sign in."), "success")
    return redirect(url_for("cms.second_factor"), 303)


@console.get("/account/second-step/off")
@needs(Role.VIEWER, password=True)
def confirm_second_factor_off() -> str:
    """Ask for confirmation."""
    return render_template(
        "cms/frame/confirm.html",
        title=_("Switch your second step off?"),
        text=_(
            "Your password alone will be enough to sign in. Your app, your passkeys and your recovery codes are "
            "deleted."
        ),
        action=_("Switch off"),
        back=url_for("cms.second_factor"),
    )


@console.post("/account/second-step/off")
@needs(Role.VIEWER, password=True)
def switch_second_factor_off() -> Response:
    """Switch the second step off."""
    try:
        service.turn_off(signed_in(), client_ip=client_ip())
    except Conflict:
        flash(_("A second step is required here."), "error")
    else:
        flash(_("Your second step is off."), "success")
    return redirect(url_for("cms.second_factor"), 303)


def _page(error: str | None = None, code_error: str | None = None) -> str:
    me, sent = signed_in().administrator, service.progress(signed_in())
    phone = mask(me.phone) if me.phone else None
    to = sent.to if sent and sent.channel == Channel.EMAIL else phone or ""
    return render_template(
        "cms/account/second_factor.html",
        chosen=me.second_factor,
        ways=ways.of_account(me.id),
        is_required=second_factor_changes.is_required(),
        email=me.email,
        phone=phone,
        sent=sent,
        state=sent_codes.of(sent, to) if sent and sent.status is VerificationStatus.PENDING else None,
        passkeys=passkey_setup.own(signed_in()),
        left=recovery_codes.left(me.id),
        error=error,
        code_error=code_error,
        code_length=current_app.config["CODE_LENGTH"],
    )

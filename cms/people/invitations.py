"""Invite somebody by e-mail, send the link again, withdraw it. For owners."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from cms.people import abilities
from cms.people.administrators import ROLES
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.people import invitations as service


@console.get("/administrators/invite")
@needs(Role.OWNER, password=True)
def new_invitation() -> str:
    """Show the empty form, or the input from before the password was requested."""
    return _form(drafts.take(), {})


@console.post("/administrators/invite")
@needs(Role.OWNER, password=True)
def invite() -> Answer:
    """Send an invitation by mail."""
    if not current_app.config["PUBLIC_URL"]:
        return _form(request.form, {}), 409
    email, role = request.form.get("email", ""), request.form.get("role", "")
    try:
        invited = service.invite(email, role, link_of=_link, by=actor())
    except (InvalidInput, Conflict) as error:
        field = error.problems[0].field if isinstance(error, InvalidInput) else "email"
        status, headers = error_texts.status_and_headers(error)
        return _form(request.form, {field: error_texts.administrator_text(error)}), status, headers
    flash(_("The invitation to %(email)s is on its way.", email=invited.email), "success")
    return redirect(url_for("cms.administrators"), 303)


@console.post("/administrators/invitations/<invitation_id>/resend")
@needs(Role.OWNER, password=True)
def resend_invitation(invitation_id: str) -> Response:
    """Send a new link."""
    if not current_app.config["PUBLIC_URL"]:
        flash(_no_address(), "error")
        return redirect(url_for("cms.administrators"), 303)
    sent = service.resend(invitation_id, link_of=_link, by=actor())
    flash(
        _("A new link is on its way to %(email)s. The old one no longer works.", email=sent.email), "success"
    )
    return redirect(url_for("cms.administrators"), 303)


@console.post("/administrators/invitations/<invitation_id>/withdraw")
@needs(Role.OWNER, password=True)
def withdraw_invitation(invitation_id: str) -> Response:
    """Withdraw an invitation."""
    withdrawn = service.withdraw(invitation_id, by=actor())
    flash(_("The invitation to %(email)s is withdrawn.", email=withdrawn.email), "success")
    return redirect(url_for("cms.administrators"), 303)


def _link(token: str) -> str:
    """Return the address of an invitation's page; never from the Host header, which its sender chooses."""
    return current_app.config["PUBLIC_URL"].rstrip("/") + url_for("cms.invitation", token=token)


def _no_address() -> str:
    return _(
        "Nobody can be invited while the setting PUBLIC_URL is empty: the link in the mail begins with it. Set it to "
        "the address of this console, such as https://codes.example.org, and restart."
    )


def _form(typed: MultiDict[str, str], errors: dict[str, str]) -> str:
    hours = int(service.LIFE.total_seconds() // 3600)
    fault = None if current_app.config["PUBLIC_URL"] else _no_address()
    return render_template(
        "cms/people/person_form.html",
        typed=typed,
        errors=errors,
        roles=ROLES,
        abilities=abilities.everything(),
        hours=hours,
        fault=fault,
    )

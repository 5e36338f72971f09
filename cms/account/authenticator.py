"""The signed-in person's own authenticator app: set it up, or remove it."""

import io

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import client_ip, signed_in
from cms.account import recovery_pages
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from domain import totp
from domain.errors import Conflict, InvalidInput, MalformedCode, NotFound
from domain.roles import Role
from services.account import authenticator_setup

GROUP = 4
"""Characters of the secret between two spaces, for those who type it."""


@console.get("/account/second-step/app")
@needs(Role.VIEWER, password=True)
def authenticator() -> Answer:
    """Show the QR code of the app that is being set up."""
    return _page()


@console.post("/account/second-step/app")
@needs(Role.VIEWER, password=True)
def begin_authenticator() -> Response:
    """Make a new secret."""
    authenticator_setup.begin(signed_in())
    return redirect(url_for("cms.authenticator"), 303)


@console.post("/account/second-step/app/confirm")
@needs(Role.VIEWER, password=True)
def confirm_authenticator() -> Answer:
    """Check the first code; show recovery codes, if there are new ones."""
    try:
        codes = authenticator_setup.confirm(signed_in(), request.form.get("code", ""), client_ip=client_ip())
    except NotFound:
        return _page()
    except MalformedCode as error:
        return _page(error_texts.code_text(error, totp.DIGITS)), 422
    except InvalidInput:
        return _page(
            _("That is not what the app shows now. Check that the clock of your device is right.")
        ), 422
    if codes:
        return recovery_pages.shown(_("Your second step is on"), codes)
    flash(_("Your authenticator app is set up."), "success")
    return redirect(url_for("cms.second_factor"), 303)


@console.get("/account/second-step/app/remove")
@needs(Role.VIEWER, password=True)
def confirm_authenticator_removal() -> str:
    """Ask for confirmation."""
    return render_template(
        "cms/frame/confirm.html",
        title=_("Remove your authenticator app?"),
        text=_(
            "The codes that it shows no longer work here. If it is your only way, the second step is off."
        ),
        action=_("Remove"),
        back=url_for("cms.second_factor"),
    )


@console.post("/account/second-step/app/remove")
@needs(Role.VIEWER, password=True)
def remove_authenticator() -> Response:
    """Remove the app."""
    try:
        authenticator_setup.remove_app(signed_in(), client_ip=client_ip())
    except Conflict:
        flash(recovery_pages.last_way_text(), "error")
    else:
        flash(_("Your authenticator app is removed."), "success")
    return redirect(url_for("cms.second_factor"), 303)


def _page(error: str | None = None) -> Answer:
    setup = authenticator_setup.pending(signed_in())
    if setup is None:
        flash(_("Begin again: a new QR code is shown for half an hour."), "info")
        return redirect(url_for("cms.second_factor"), 303)
    secret = " ".join(setup.secret[at : at + GROUP] for at in range(0, len(setup.secret), GROUP))
    return render_template(
        "cms/account/authenticator.html",
        drawing=_drawing(setup.address),
        secret=secret,
        error=error,
        code_length=totp.DIGITS,
    )


def _drawing(address: str) -> Markup:
    """Return a QR code as an SVG element, black on white on dark pages, too: not every app reads the reverse."""
    out = io.BytesIO()
    code = segno.make_qr(address, error="m")
    code.save(out, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True, dark="#000", light="#fff")
    return Markup(out.getvalue().decode())  # noqa: S704 - made here, from modules and not from text

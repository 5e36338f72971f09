"""The signed-in person's own passkeys: register a device, or remove one."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import client_ip, signed_in
from cms.account import recovery_pages
from cms.errors import error_texts
from cms.errors.error_texts import Answer
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.account import passkey_setup


@console.get("/account/second-step/passkeys/new")
@needs(Role.VIEWER, password=True)
def new_passkey() -> str:
    """Show the form whose button asks the device."""
    return _page()


@console.post("/account/second-step/passkeys/new")
@needs(Role.VIEWER, password=True)
def add_passkey() -> Answer:
    """Register the device; show recovery codes, if there are new ones."""
    name, answer = request.form.get("name", ""), request.form.get("answer", "")
    try:
        codes = passkey_setup.add_passkey(signed_in(), name or _("Passkey"), answer, client_ip=client_ip())
    except InvalidInput as error:
        return _page(_texts(error, answer)), 422
    except Conflict as error:
        text = _("This device is registered already, or you have %(most)s passkeys.", most=passkey_setup.MOST)
        return _page({"answer": text}), *error_texts.status_and_headers(error)
    if codes:
        return recovery_pages.shown(_("Your second step is on"), codes)
    flash(_("Your passkey is added."), "success")
    return redirect(url_for("cms.second_factor"), 303)


@console.post("/account/second-step/passkeys/<passkey_id>/remove")
@needs(Role.VIEWER, password=True)
def remove_passkey(passkey_id: str) -> Response:
    """Remove one."""
    try:
        name = passkey_setup.remove_passkey(signed_in(), passkey_id, client_ip=client_ip())
    except Conflict:
        flash(recovery_pages.last_way_text(), "error")
    else:
        flash(_("The passkey “%(name)s” is removed. Delete it on the device, too.", name=name), "success")
    return redirect(url_for("cms.second_factor"), 303)


def _texts(error: InvalidInput, answer: str) -> dict[str, str]:
    refused = _("The device's answer was not accepted. Try again.")
    texts = {
        "name": _("Give it a name of up to %(length)s characters.", length=passkey_setup.LONGEST_NAME),
        "answer": refused if answer else _("Your browser did not ask the device: this needs JavaScript."),
    }
    return {problem.field: texts[problem.field] for problem in error.problems}


def _page(errors: dict[str, str] | None = None) -> str:
    return render_template(
        "cms/account/passkey.html",
        options=passkey_setup.options(signed_in()),
        name=request.form.get("name", ""),
        longest=passkey_setup.LONGEST_NAME,
        errors=errors or {},
    )

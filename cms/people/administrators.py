"""The people of the console: invite, give a role, sign out, disable. For owners."""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from cms.errors import error_texts
from cms.errors.error_texts import Answer, administrator_text
from cms.people import abilities, second_steps
from domain.destinations import mask
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from services.people import administrators as service
from services.people import invitations
from services.people.administrator_views import AdministratorView
from services.sign_in import session_lists

ROLES = {
    Role.VIEWER: lazy_gettext("sees everything except people and keys, and changes only their own account"),
    Role.OPERATOR: lazy_gettext("also operates the service: schedules, resending, the audit"),
    Role.OWNER: lazy_gettext("also manages people and API keys"),
}


@console.get("/administrators")
@needs(Role.OWNER)
def administrators() -> str:
    """List everybody, active accounts first."""
    people = sorted(service.everyone(), key=lambda one: one.disabled_at is not None)
    sessions = session_lists.living()
    return render_template(
        "cms/people/administrators.html",
        people=people,
        seen={one.administrator_id: one.last_seen_at for one in reversed(sessions)},
        invitations=invitations.waiting(),
        counts=Counter(one.administrator_id for one in sessions),
        me=signed_in().administrator.id,
    )


@console.get("/administrators/new")
@needs(Role.OWNER, password=True)
def new_administrator() -> str:
    """Show the empty form, or the input from before the password was requested."""
    return _form(drafts.take(), {})


@console.post("/administrators/new")
@needs(Role.OWNER, password=True)
def add_administrator() -> Answer:
    """Add somebody and show the one-time password once."""
    try:
        added, password = service.add(request.form.get("email", ""), request.form.get("role", ""), by=actor())
    except (InvalidInput, Conflict) as error:
        field = error.problems[0].field if isinstance(error, InvalidInput) else "email"
        status, headers = error_texts.status_and_headers(error)
        return _form(request.form, {field: administrator_text(error)}), status, headers
    return _password_page(added, password or "", _("%(email)s is added", email=added.email))


@console.get("/administrators/<int:number>")
@needs(Role.OWNER)
def administrator(number: int) -> str:
    """Show one person with their sessions and the possible changes."""
    return _person(service.by_id(number))


@console.post("/administrators/<int:number>/role")
@needs(Role.OWNER, password=True)
def change_role(number: int) -> Answer:
    """Change somebody's role."""
    person, role = service.by_id(number), request.form.get("role", "")
    try:
        service.change_role(person.email, role, by=actor())
    except (InvalidInput, Conflict) as error:
        status, headers = error_texts.status_and_headers(error)
        return _person(person, chosen=role, error=administrator_text(error)), status, headers
    flash(
        _("%(email)s is %(role)s from now on.", email=person.email, role=error_texts.role_name(Role(role))),
        "success",
    )
    return _back_to(person)


@console.get("/administrators/<int:number>/reset-password")
@needs(Role.OWNER, password=True)
def confirm_password_reset(number: int) -> str:
    """Ask for confirmation."""
    return _confirm(
        service.by_id(number),
        _("Reset the password of %(email)s?"),
        _(
            "All sessions end, and the current password stops working. You get a one-time password to pass on."
        ),
        _("Reset password"),
    )


@console.post("/administrators/<int:number>/reset-password")
@needs(Role.OWNER, password=True)
def reset_password(number: int) -> Answer:
    """Replace the password with a one-time password and show it once."""
    person = service.by_id(number)
    try:
        password = service.reset_password(person.email, by=actor())
    except Conflict as error:
        return _refused(person, error)
    return _password_page(person, password, _("The password of %(email)s is reset", email=person.email))


@console.get("/administrators/<int:number>/disable")
@needs(Role.OWNER, password=True)
def confirm_disabling(number: int) -> str:
    """Ask for confirmation."""
    return _confirm(
        service.by_id(number),
        _("Disable %(email)s?"),
        _(
            "All sessions end, and nobody can sign in with this account until it is enabled again. Nothing is "
            "deleted."
        ),
        _("Disable"),
    )


@console.post("/administrators/<int:number>/disable")
@needs(Role.OWNER, password=True)
def disable_administrator(number: int) -> Answer:
    """Disable somebody's account."""
    person = service.by_id(number)
    try:
        service.disable(person.email, by=actor())
    except Conflict as error:
        return _refused(person, error)
    flash(_("%(email)s is disabled and signed out everywhere.", email=person.email), "success")
    return _back_to(person)


@console.post("/administrators/<int:number>/enable")
@needs(Role.OWNER, password=True)
def enable_administrator(number: int) -> Response:
    """Enable somebody's account again."""
    person = service.by_id(number)
    service.enable(person.email, by=actor())
    flash(_("%(email)s can sign in again with the old password.", email=person.email), "success")
    return _back_to(person)


@console.post("/administrators/<int:number>/sign-out")
@needs(Role.OWNER)
def sign_out_administrator(number: int) -> Response:
    """End all sessions of a person."""
    ended = session_lists.end_all(number, by=actor())
    flash(ngettext("%(num)s session is ended.", "%(num)s sessions are ended.", ended), "success")
    return redirect(url_for("cms.administrator", number=number), 303)


def _form(typed: MultiDict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "cms/people/person_form.html",
        typed=typed,
        errors=errors,
        roles=ROLES,
        abilities=abilities.everything(),
    )


def _person(person: AdministratorView, *, chosen: str | None = None, error: str | None = None) -> str:
    return render_template(
        "cms/people/administrator.html",
        person=person,
        phone=mask(person.phone) if person.phone else None,
        second_step=second_steps.ways_of(person),
        sessions=session_lists.living(person.id),
        roles=ROLES,
        abilities=abilities.everything(),
        chosen=chosen or drafts.take().get("role", person.role),
        error=error,
        me=signed_in().administrator.id,
    )


def _confirm(person: AdministratorView, title: str, text: str, action: str) -> str:
    back = url_for("cms.administrator", number=person.id)
    title = title % {"email": person.email}
    return render_template("cms/frame/confirm.html", title=title, text=text, action=action, back=back)


def _password_page(person: AdministratorView, password: str, title: str) -> str:
    return render_template(
        "cms/frame/secret.html",
        title=title,
        text=_(
            "Pass this one-time password on, preferably by voice. It is shown only once and replaced at the "
            "first sign-in."
        ),
        label=_("One-time password"),
        secret=password,
        back=url_for("cms.administrator", number=person.id),
    )


def _refused(person: AdministratorView, error: Conflict) -> Answer:
    flash(administrator_text(error), "error")
    return _back_to(person)


def _back_to(person: AdministratorView) -> Response:
    return redirect(url_for("cms.administrator", number=person.id), 303)

"""The history of sign-ins: one's own, and for owners everybody's with the tries of strangers."""

from flask import render_template, request
from flask_babel import lazy_gettext

from cms.access.guard import console, needs
from cms.access.identity import signed_in
from domain.roles import Role
from domain.statuses import SignInOutcome
from services.people import administrators
from services.process.url_parts import whole
from services.sign_in import sign_ins as service

OUTCOMES = {
    SignInOutcome.SIGNED_IN: (lazy_gettext("Signed in"), "good"),
    SignInOutcome.CODE_ASKED: (lazy_gettext("Password right, code asked"), "busy"),
    SignInOutcome.WRONG_PASSWORD: (lazy_gettext("Wrong password"), "bad"),
    SignInOutcome.WRONG_CODE: (lazy_gettext("Wrong code"), "bad"),
}


@console.get("/account/sign-ins")
@needs(Role.VIEWER)
def own_sign_ins() -> str:
    """Show one's own history."""
    found = service.of(signed_in().administrator.id, older_than=_older_than())
    return render_template(
        "cms/sign_in/own_sign_ins.html", found=found, outcomes=OUTCOMES, kept=service.KEPT.days
    )


@console.get("/sign-ins")
@needs(Role.OWNER)
def sign_ins() -> str:
    """Show everybody's history, or one person's."""
    people = {one.id: one.email for one in administrators.everyone()}
    who = request.args.get("who", type=whole)
    chosen = who if who in people else None
    found = service.of(chosen, older_than=_older_than())
    return render_template(
        "cms/sign_in/sign_ins.html",
        found=found,
        outcomes=OUTCOMES,
        people=people,
        chosen=chosen,
        kept=service.KEPT.days,
    )


def _older_than() -> int | None:
    return request.args.get("older_than", type=whole)

"""Other people's second step: how they prove it, and switching it off for somebody who has lost it. For owners."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import administrator_text
from domain.errors import Conflict
from domain.roles import Role
from domain.statuses import Channel
from services.account import second_factor_resets
from services.people import administrators
from services.people.administrator_views import AdministratorView
from services.sign_in import ways
from services.sign_in.ways import Way


def ways_of(person: AdministratorView) -> list[str]:
    """Return how somebody proves the second step, in words."""
    by_sms = person.second_factor is Channel.SMS and person.phone
    texts = {
        Way.PASSKEY: _("passkey"),
        Way.APP: _("authenticator app"),
        Way.CODE: _("codes by SMS") if by_sms else _("codes by e-mail"),
    }
    return [texts[way] for way in ways.of_account(person.id)]


@console.get("/administrators/<int:number>/second-step-off")
@needs(Role.OWNER, password=True)
def confirm_second_factor_reset(number: int) -> str:
    """Ask for confirmation."""
    person = administrators.by_id(number)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Switch the second step of %(email)s off?", email=person.email),
        text=_(
            "For somebody who can't prove it and has no recovery codes left. All sessions end, the app, the passkeys "
            "and the recovery codes are deleted, and the person is notified by mail. Make sure that the request "
            "really comes from this person."
        ),
        action=_("Switch off"),
        back=url_for("cms.administrator", number=number),
    )


@console.post("/administrators/<int:number>/second-step-off")
@needs(Role.OWNER, password=True)
def reset_second_factor(number: int) -> Response:
    """Switch off somebody's second step."""
    person = administrators.by_id(number)
    try:
        was_on = second_factor_resets.reset(person.email, by=actor())
    except Conflict as error:
        flash(administrator_text(error), "error")
    else:
        if was_on:
            text = _(
                "The second step of %(email)s is off. The person is notified by mail.", email=person.email
            )
            flash(text, "success")
        else:
            flash(_("The second step of %(email)s was already off.", email=person.email), "info")
    return redirect(url_for("cms.administrator", number=number), 303)

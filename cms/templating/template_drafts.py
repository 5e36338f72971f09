"""Discard a draft of a text."""

from flask import flash, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.templating.templates import back_to, known
from domain.errors import Conflict
from domain.roles import Role
from domain.template_keys import TextKey
from services.templating import templates as service
from services.templating.template_views import State


@console.get("/templates/<key>/versions/<int:number>/discard")
@needs(Role.OPERATOR)
def confirm_discarding(key: str, number: int) -> Answer:
    """Ask for confirmation."""
    view = known(key)
    if view.version(number).state is not State.DRAFT:
        return _no_draft(view.key)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Discard this draft?"),
        text=_(
            "The current text stays as it is. Version %(number)s stays in the list of versions, but the next "
            "edit does not start from it.",
            number=number,
        ),
        action=_("Discard draft"),
        back=url_for("cms.template", key=view.key),
    )


@console.post("/templates/<key>/versions/<int:number>/discard")
@needs(Role.OPERATOR)
def discard_template(key: str, number: int) -> Response:
    """Discard a draft."""
    view = known(key)
    try:
        service.discard(view.key, number, by=actor())
    except Conflict:
        return _no_draft(view.key)
    flash(_("The draft is discarded. Version %(number)s is kept.", number=number), "success")
    return back_to(view.key)


def _no_draft(key: TextKey) -> Response:
    flash(_("This is no longer a draft, so nothing was discarded. See the versions below."), "error")
    return back_to(key)

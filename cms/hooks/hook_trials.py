"""The test button of a hook: post what its server would post."""

from flask import request
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.hooks.hooks import page
from domain.errors import InvalidDestination, InvalidInput
from domain.roles import Role
from services.hooks import trials as service


@console.post("/hooks/<hook_id>/test")
@needs(Role.OWNER)
def test_hook(hook_id: str) -> Answer:
    """Post to a hook inside this process, and show what it answers."""
    typed = request.form.get("to", "").strip()
    try:
        answer = service.post(hook_id, typed, by=actor())
    except InvalidDestination:
        error = _("Enter a phone number or an e-mail address.")
        return page(hook_id, typed=typed, test_error=error), 422
    except InvalidInput:
        return page(hook_id, typed=typed, test_error=_("Its secret can't be read. Rotate it.")), 422
    return page(hook_id, typed=typed, answer=answer, said=service.said(answer))

"""The test numbers: list, add, remove. Their codes are never shown."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cms.access import drafts
from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.test_numbers.test_number_texts import errors_of
from domain.errors import Conflict, InvalidInput
from domain.roles import Role
from domain.test_numbers import MOST
from services.test_numbers import test_numbers as service


@console.get("/test-numbers")
@needs(Role.OWNER)
def test_numbers() -> str:
    """List the test numbers, with the form for another one."""
    return _page(drafts.take())


@console.post("/test-numbers")
@needs(Role.OWNER, password=True)
def add_test_number() -> Answer:
    """Add a test number."""
    form = request.form
    try:
        service.add(form.get("to", ""), form.get("code", ""), form.get("until", ""), by=actor())
    except InvalidInput as error:
        return _page(form, errors_of(error)), 422
    except Conflict:
        flash(_("There are %(most)s test numbers. Remove one first.", most=MOST), "error")
        return _page(form), 409
    flash(_("Added. From now on nothing is sent to it."), "success")
    return redirect(url_for("cms.test_numbers"), 303)


@console.post("/test-numbers/<number_id>/remove")
@needs(Role.OWNER)
def remove_test_number(number_id: str) -> Response:
    """Send to a test number again."""
    removed = service.remove(number_id, by=actor())
    flash(_("%(to)s gets real codes again.", to=removed), "success")
    return redirect(url_for("cms.test_numbers"), 303)


def _page(typed: Mapping[str, str] = MultiDict(), errors: Mapping[str, str] | None = None) -> str:
    return render_template(
        "cms/test_numbers/test_numbers.html",
        numbers=service.everything(),
        most=MOST,
        typed=typed,
        errors=errors or {},
    )

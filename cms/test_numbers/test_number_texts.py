"""The errors of the form for a test number."""

from flask_babel import gettext as _

from cms.errors.error_texts import destination_text
from domain.errors import CountryNotAllowed, InvalidInput
from domain.statuses import Channel


def errors_of(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field."""
    if isinstance(error, CountryNotAllowed):
        return {"to": destination_text(error, Channel.SMS)}
    texts = {
        "to": _("Enter one e-mail address or phone number that is not on the list yet."),
        "code": _("Enter 4 to 10 digits or capital letters."),
        "until": _("Choose today or a later day, at most a year ahead."),
    }
    return {problem.field: texts.get(problem.field, problem.message) for problem in error.problems}

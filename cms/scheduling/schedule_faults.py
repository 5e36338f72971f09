"""Error texts for a schedule's form."""

from flask_babel import gettext as _

from domain.errors import InvalidInput, NameTaken
from services.scheduling.schedule_rules import LONGEST_NAME

FIELDS = {"older_than_days": "kwargs"}
"""The field of the form in which an argument is typed."""


def texts(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field."""
    said = {
        "name": _("Another schedule has this name. Choose a different one.")
        if isinstance(error, NameTaken)
        else _("Give it a name of up to %(length)s characters.", length=LONGEST_NAME),
        "task": _("Enter the name that the task has in the other program."),
        "every": _("Enter a whole number; the interval can be between a second and 366 days."),
        "cron": _(
            "This line is never due or can't be read. Write minute, hour, day, month and weekday, such as 17 3 * * * "
            "for 03:17 every day."
        ),
        "zone": _("Choose one from the list."),
        "queue": _("Up to 64 letters, digits and . _ : - without spaces."),
        "args": _('Write a JSON list, such as ["text", 7].'),
        "kwargs": _('Write a JSON object, such as {"older_than_days": 30}.'),
    }
    said["older_than_days"] = _(
        "A purge deletes nothing of the last day: give it older_than_days of 1 or more."
    )
    return {
        FIELDS.get(problem.field, problem.field): said.get(problem.field, problem.message)
        for problem in error.problems
    }

"""Error texts for a schedule's form."""

from flask_babel import gettext as _

from domain.errors import InvalidInput, NameTaken
from services.scheduling.schedule_rules import LONGEST_NAME


def texts(error: InvalidInput, *, has_args: bool = False) -> dict[str, str]:
    """Return the error text for each wrong field; `has_args`: positional arguments were typed."""
    said = {
        "name": _("Another schedule has this name. Choose a different one.")
        if isinstance(error, NameTaken)
        else _("Give it a name of up to %(length)s characters.", length=LONGEST_NAME),
        "task": _("Choose a task, or enter the name that it has in the other program."),
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
    lines = ", ".join(problem.message for problem in error.problems if problem.field == "recipients")
    said["recipients"] = _("These lines are not an e-mail address: %(lines)s", lines=lines)
    said["older_than_days"] = _(
        "Enter a number of days, at least 1: a purge deletes nothing of the last day."
    )
    said["report_zone"] = said["zone"]
    found = {problem.field: said.get(problem.field, problem.message) for problem in error.problems}
    if wrong := found.pop("arguments", None):
        names = wrong.partition(": ")[2]
        text = _("The task takes no arguments.") if names == "()" else None
        text = text or _("The task takes other arguments: %(names)s.", names=names)
        found.setdefault("args" if has_args else "kwargs", text)
    return found

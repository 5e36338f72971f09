"""What is wrong with a message, a list or one of its rows, in words for the person who sends it."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from cms.errors import error_texts
from cms.frame.numbers import number
from domain.errors import InvalidDestination, InvalidInput, LimitExceeded, SendcodeError
from domain.sheets import MOST_COLUMNS, MOST_ROWS, BadFile, Fault, FileFault
from domain.statuses import Channel
from services.outbox.contents import LONGEST_VALUE
from services.sheets.drafts import LONGEST_NAME
from services.templating.given import LONGEST_SMS

ROWS = {
    Fault.INVALID_NUMBER: lazy_gettext("Not a phone number"),
    Fault.INVALID_ADDRESS: lazy_gettext("Not an e-mail address"),
    Fault.COUNTRY_NOT_ALLOWED: lazy_gettext("SMS to this country is not switched on"),
    Fault.MISSING_VALUE: lazy_gettext("A value is missing"),
    Fault.INVALID_VALUE: lazy_gettext("A value does not fit the text, or is not a single line"),
    Fault.TOO_LONG: lazy_gettext("The text or a value is too long"),
    Fault.DUPLICATE: lazy_gettext("Already in the list"),
    Fault.SUPPRESSED: lazy_gettext("On the suppression list"),
    Fault.BLANK: lazy_gettext("Nothing in it"),
    Fault.WRONG_COLUMNS: lazy_gettext("More or fewer columns than the first row"),
    Fault.MISSING_COLUMN: lazy_gettext("A column is missing"),
}


def file_text(error: BadFile) -> str:
    """Return why a file was refused, and what to do."""
    texts = {
        FileFault.NO_TABLE: _("This is neither a CSV file nor an XLSX workbook."),
        FileFault.NO_TEXT: _("The letters of this file can't be read. Save it as CSV in UTF-8, or as XLSX."),
        FileFault.NO_NAMES: _("The first row must have the names of the columns."),
        FileFault.NO_ROWS: _("There are no rows below the names of the columns."),
        FileFault.LONG_CELL: _(
            "A cell after row %(row)s never ends: a quotation mark may be missing.", row=number(error.row)
        ),
        FileFault.TOO_MANY_ROWS: _("The list may have %(most)s rows. Split it.", most=number(MOST_ROWS)),
        FileFault.TOO_MANY_COLUMNS: _("The list may have %(most)s columns.", most=MOST_COLUMNS),
        FileFault.BROKEN_WORKBOOK: _(
            "This workbook can't be read. Save it as XLSX or CSV again, without a password."
        ),
        FileFault.TOO_MUCH_INSIDE: _("This workbook is too big. Save the list alone, as CSV."),
    }
    return texts[error.fault]


def message_texts(error: SendcodeError, channel: Channel) -> dict[str, str]:
    """Return the text for each wrong field of a message or broadcast; the key is empty for what is no field."""
    if isinstance(error, InvalidDestination):
        return {"to": error_texts.destination_text(error, channel)}
    if isinstance(error, LimitExceeded):
        return {"": limit_text(error)}
    if isinstance(error, InvalidInput):
        return {one.field: _field_texts(channel).get(one.field, one.message) for one in error.problems}
    return {"": _("This could not be sent. Check what you entered.")}


def limit_text(error: LimitExceeded) -> str:
    """Return what the day's budget says."""
    wait = error_texts.wait_text(error.retry_after)
    return _(
        "The day's budget of SMS does not suffice, so nothing was sent. Try again in %(wait)s.", wait=wait
    )


def _field_texts(channel: Channel) -> Mapping[str, str]:
    longest = number(LONGEST_SMS if channel is Channel.SMS else 60_000)
    return {
        "name": _("Give it a name of up to %(length)s characters.", length=LONGEST_NAME),
        "what": _("Choose one of these."),
        "subject": _("A mail needs a subject of one line."),
        "text": _(
            "Write a text of up to %(longest)s characters, in which {{ name }} is a value.", longest=longest
        ),
        "params": _(
            "Each value must be filled in, with one line of up to %(longest)s characters.",
            longest=number(LONGEST_VALUE),
        ),
        "send_at": _("Choose a time within the next 30 days."),
        "columns": _("Choose a column for each value."),
    }

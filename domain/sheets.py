"""Lists of recipients as people keep them: a table whose first row names its columns."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.errors import InvalidInput
from domain.field_problems import FieldProblem

MOST_ROWS = 100_000
MOST_COLUMNS = 60
"""More than the 50 parameters that a message may have, and the destination."""
TO = "to"
"""The name of the column with the destinations, where several could be it."""
HEAD_ROW = 1
DESTINATION_WORDS = re.compile(
    r"destination|recipient|to|(?:e-?mail|phone|mobile|cell|telephone|msisdn)[ _-]?(?:address|number)?"
    r"|empfänger(?:in)?|e-?mail-?adresse|(?:telefon|handy|mobil|ruf)(?:nummer)?"
    r"|收件人|(?:手机|电话)(?:号码?|号碼)?|(?:电子)?(?:邮箱|邮件)(?:地址)?",
    re.IGNORECASE,
)
FORMULA_STARTS = (*"=+-@\t\r\n", *"＝＋－＠")
"""What a spreadsheet takes for a formula (OWASP, CSV injection)."""
_SEPARATORS = re.compile(r"[\s_-]+")


class Fault(StrEnum):
    """What is wrong with a row; the values are the codes of the API."""

    INVALID_NUMBER = "invalid_number"
    INVALID_ADDRESS = "invalid_address"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    MISSING_VALUE = "missing_value"
    INVALID_VALUE = "invalid_value"
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    BLANK = "blank"
    WRONG_COLUMNS = "wrong_columns"
    MISSING_COLUMN = "missing_column"


class FileFault(StrEnum):
    """Why a file is refused as a whole."""

    NO_TABLE = "no_table"
    NO_TEXT = "no_text"
    NO_NAMES = "no_names"
    NO_ROWS = "no_rows"
    LONG_CELL = "long_cell"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    BROKEN_WORKBOOK = "broken_workbook"
    TOO_MUCH_INSIDE = "too_much_inside"


class BadFile(InvalidInput):
    """Raised when a file is no list of recipients at all; `row` is the last one that could be read."""

    def __init__(self, fault: FileFault, message: str, *, row: int = 0):
        super().__init__(FieldProblem("file", message))
        self.fault, self.row = fault, row


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` is what a spreadsheet shows beside it: the row of names is 1."""

    number: int
    cells: Sequence[str] = field(repr=False)

    @property
    def is_blank(self) -> bool:
        """Tell whether no cell has anything in it."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that gets nothing; `column` is its name in the file, empty where the whole row is at fault.

    `detail` repeats nothing of what the row says.
    """

    row: int
    column: str
    code: Fault
    detail: str


class BadRows(InvalidInput):
    """Raised when a list has bad rows and all of it was to be sent: nothing is."""

    code = "bad_rows"

    def __init__(self, rows: Sequence[BadRow]):
        super().__init__(FieldProblem("file", _told(len(rows))))
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things are: the index of the destination's column, and that of each parameter by its name."""

    to: int
    values: Mapping[str, int]


def guarded(text: str) -> str:
    """Return a cell of a file that we write, with an apostrophe where a spreadsheet would calculate."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unguarded(cell: str) -> str:
    """Return a cell of such a file as it was."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def guess(head: Sequence[str], names: Collection[str]) -> dict[str, int | None]:
    """Return the column of the destination (`to`) and of each name, None where no column is called so.

    Case, spaces, hyphens and underscores make no difference: `First name` is `first_name`.
    """
    by_name: dict[str, int] = {}
    for index, title in enumerate(head):
        by_name.setdefault(_plain(title), index)
    by_name.pop("", None)
    likely = (index for index, title in enumerate(head) if DESTINATION_WORDS.fullmatch(title.strip()))
    to = by_name.get(TO, next(likely, None))
    return {TO: to, **{name: by_name.get(_plain(name)) for name in sorted(names)}}


def match(head: Sequence[str], names: Collection[str]) -> Columns:
    """Return where everything is that a text needs; raises BadRows, which names each column that is missing."""
    return chosen(guess(head, names), names)


def chosen(found: Mapping[str, int | None], names: Collection[str]) -> Columns:
    """Return the same for columns that were guessed or picked; raises BadRows."""
    known = {name: index for name, index in found.items() if index is not None}
    if len(known) < len(found):
        raise BadRows([_missing_column(name) for name in found if name not in known])
    return Columns(known[TO], {name: known[name] for name in names})


def _missing_column(name: str) -> BadRow:
    what = "the destinations" if name == TO else "this value"
    return BadRow(HEAD_ROW, name, Fault.MISSING_COLUMN, f"no column has {what}: the first row must name it")


def _plain(title: str) -> str:
    return _SEPARATORS.sub("", title).casefold()


def _told(count: int) -> str:
    return (
        "1 row is bad, and nothing was sent" if count == 1 else f"{count} rows are bad, and nothing was sent"
    )

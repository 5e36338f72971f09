"""Check the rows of a table one by one: each gets the message or has one reason why not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.characters import has_control_characters
from domain.destinations import Destination
from domain.errors import CountryNotAllowed, InvalidDestination, InvalidInput
from domain.sheets import BadRow, Columns, Fault, Row, unguarded
from domain.statuses import Channel
from exts import db
from services import typed
from services.limits import send_limits
from services.messaging import recipients, suppressions
from services.outbox import contents, fitting, packed
from services.outbox.contents import LONGEST_VALUE, Content
from services.outbox.packed import Ready


@dataclass(frozen=True, slots=True)
class Checked:
    """A row with what became of it: `ready`, or `bad` with the reason."""

    row: Row
    ready: Ready | None = None
    bad: BadRow | None = None


class _Wrong(ValueError):
    """Raised where a row can't be sent; `column` is None where the whole row is at fault."""

    def __init__(self, fault: Fault, detail: str, column: int | None = None):
        super().__init__(detail)
        self.fault, self.column = fault, column


class Checker:
    """Checks the rows of one file for one text. Remembers every destination, to find doubled ones."""

    def __init__(self, content: Content, head: Iterable[str], columns: Columns, service: str):
        """`service` is the name of the service in the text."""
        self._content, self._head, self._columns = content, list(head), columns
        self._service = service
        self._seen: dict[str, int] = {}

    def check(self, rows: Iterable[Row]) -> Iterator[list[Checked]]:
        """Yield the rows in blocks, in their order, each checked."""
        block: list[tuple[Checked, str]] = []
        for row in rows:
            block.append(self._first_look(row))
            if len(block) == packed.SIZE:
                yield self._without_suppressed(block)
                block = []
        if block:
            yield self._without_suppressed(block)

    def _first_look(self, row: Row) -> tuple[Checked, str]:
        try:
            destination, params = self._read(row)
            segments = self._fit(recipients.all_params(self._content, destination, params, self._service))
            self._refuse_double(row, destination)
        except _Wrong as wrong:
            return Checked(row, bad=self._bad(row, wrong.fault, str(wrong), wrong.column)), ""
        ready = Ready(row.number, destination.to, destination.country, segments, params)
        return Checked(row, ready), destination.canonical

    def _without_suppressed(self, block: list[tuple[Checked, str]]) -> list[Checked]:
        asked = [canonical for checked, canonical in block if checked.ready]
        gone = suppressions.suppressed(db.session(), self._content.channel, asked)
        db.session.rollback()
        return [
            Checked(one.row, bad=self._bad(one.row, Fault.SUPPRESSED, "gets no broadcasts", self._columns.to))
            if one.ready and canonical in gone
            else one
            for one, canonical in block
        ]

    def _bad(self, row: Row, fault: Fault, detail: str, column: int | None) -> BadRow:
        return BadRow(row.number, "" if column is None else self._head[column], fault, detail)

    def _read(self, row: Row) -> tuple[Destination, Mapping[str, str]]:
        if row.is_blank:
            raise _Wrong(Fault.BLANK, "is blank")
        if len(row.cells) != len(self._head):
            told = f"has {len(row.cells)} columns, and the first row has {len(self._head)}"
            raise _Wrong(Fault.WRONG_COLUMNS, told)
        destination = self._destination(row.cells[self._columns.to])
        for column in self._columns.values.values():
            self._refuse_value(row.cells[column], column)
        values = {name: row.cells[column] for name, column in self._columns.values.items()}
        try:
            return destination, contents.check_params(values)
        except ValueError as error:
            raise _Wrong(Fault.TOO_LONG, str(error)) from None

    def _destination(self, cell: str) -> Destination:
        channel, column = self._content.channel, self._columns.to
        if not cell:
            raise _Wrong(Fault.MISSING_VALUE, "is empty", column)
        try:
            destination = typed.destination(channel, unguarded(cell))
            send_limits.ensure_country(destination)
        except CountryNotAllowed as error:
            raise _Wrong(Fault.COUNTRY_NOT_ALLOWED, error.problems[0].message, column) from None
        except InvalidDestination as error:
            fault = Fault.INVALID_NUMBER if channel is Channel.SMS else Fault.INVALID_ADDRESS
            raise _Wrong(fault, error.problems[0].message, column) from None
        return destination

    def _refuse_value(self, cell: str, column: int) -> None:
        if not cell:
            raise _Wrong(Fault.MISSING_VALUE, "is empty", column)
        if len(cell) > LONGEST_VALUE:
            raise _Wrong(Fault.TOO_LONG, f"has more than {LONGEST_VALUE:,} characters", column)
        if has_control_characters(cell):
            raise _Wrong(Fault.INVALID_VALUE, "is not a single line", column)

    def _fit(self, params: Mapping[str, str]) -> int:
        try:
            return fitting.fit(self._content, params)
        except InvalidInput as error:
            problem = error.problems[0]
            if problem.field == "params":
                raise _Wrong(Fault.INVALID_VALUE, f"the values {problem.message}") from None
            fault = Fault.BLANK if problem.message.startswith("is blank") else Fault.TOO_LONG
            raise _Wrong(fault, f"the text {problem.message}") from None

    def _refuse_double(self, row: Row, destination: Destination) -> None:
        first = self._seen.setdefault(destination.canonical, row.number)
        if first != row.number:
            raise _Wrong(Fault.DUPLICATE, f"is already in row {first}", self._columns.to)

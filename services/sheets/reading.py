"""A file with a table, whatever it was saved as: its row of names, and the rows below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from domain.sheets import HEAD_ROW, MOST_COLUMNS, MOST_ROWS, BadFile, FileFault, Row
from services.sheets import text_tables, workbooks

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that is being read; `rows` can be gone through once, and raises InvalidInput where the file is broken."""

    head: Sequence[str]
    rows: Iterator[Row] = field(repr=False)


def read(file: IO[bytes]) -> Sheet:
    """Return the table in a file, CSV or XLSX by its first bytes, whatever it is called.

    Raises InvalidInput where it is neither, is empty, or has too many columns. Blank rows at the end are left out.
    """
    file.seek(0)
    mark = file.read(4)
    if mark == workbooks.OLD_MARK:
        raise BadFile(FileFault.BROKEN_WORKBOOK, workbooks.UNREADABLE)
    rows = workbooks.rows(file) if mark == workbooks.MARK else text_tables.rows(file)
    head = next(rows, None)
    if head is None or head.is_blank:
        raise BadFile(FileFault.NO_NAMES, "must have the names of its columns in the first row")
    titles = list(head.cells)
    while not titles[-1]:
        titles.pop()
    if len(titles) > MOST_COLUMNS:
        raise BadFile(FileFault.TOO_MANY_COLUMNS, f"must have at most {MOST_COLUMNS} columns")
    return Sheet(
        [title[:LONGEST_TITLE] for title in titles],
        _below(rows, is_padded=mark == workbooks.MARK, width=len(titles)),
    )


def _below(rows: Iterator[Row], *, is_padded: bool, width: int) -> Iterator[Row]:
    """Yield the rows below the names, without blank ones at the end; those of a workbook are as wide as the names."""
    blank: list[Row] = []
    for row in rows:
        if row.number - HEAD_ROW > MOST_ROWS:
            if row.is_blank:
                continue
            raise BadFile(FileFault.TOO_MANY_ROWS, f"must have at most {MOST_ROWS:,} rows below the names")
        if row.is_blank:
            blank.append(row)
            continue
        yield from blank
        blank.clear()
        yield Row(row.number, _as_wide(row.cells, width)) if is_padded else row


def _as_wide(cells: Sequence[str], width: int) -> Sequence[str]:
    kept = list(cells)
    while len(kept) > width and not kept[-1]:
        kept.pop()
    return kept + [""] * (width - len(kept))

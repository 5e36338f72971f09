"""Files of destinations as people have them: CSV and text from spreadsheets and other services."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from domain.errors import FieldProblem, InvalidInput
from domain.setting_files import encoding_of
from domain.sheets import DESTINATION_WORDS

SEPARATORS = ",;\t"
SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
"""The first line that Excel writes to name the separator."""
LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
REASON_WORDS = re.compile(r"reason|type", re.IGNORECASE)
FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line with something in it: its number in the file from 1, the destination and the reason as written."""

    number: int
    destination: str
    reason: str


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16, the latter as Excel saves "Unicode text".

    Raises InvalidInput.
    """
    mark, encoding = encoding_of(content)
    try:
        return content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        raise InvalidInput(FieldProblem("file", "must be in UTF-8")) from None


def read(text: str) -> list[Line]:
    """Return the lines with something in them, whatever ends them and separates their cells, without a head line."""
    rows = list(_rows(text))
    column, reason = 0, 1
    if rows and _is_head(rows[0][1]):
        head = [cell.strip() for cell in rows.pop(0)[1]]
        column = next((n for n, cell in enumerate(head) if DESTINATION_WORDS.fullmatch(cell)), 0)
        reason = next((n for n, cell in enumerate(head) if REASON_WORDS.fullmatch(cell)), len(head))
    return [Line(number, _cell(cells, column), _cell(cells, reason)) for number, cells in rows]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Split a text into lines and cells, each line by itself, so that a stray quote spoils one and not the rest."""
    separator = ""
    for number, line in enumerate(LINE_END.split(text), 1):
        if number == 1 and (named := SEPARATOR_LINE.fullmatch(line.strip())):
            separator = named[1]
            continue
        separator = separator or next((one for one in line if one in SEPARATORS), "")
        try:
            cells = next(csv.reader([line], delimiter=separator or ","), [])
        except csv.Error:  # longer than any cell may be
            cells = [line]
        if any(cell.strip() for cell in cells):
            yield number, cells


def _is_head(cells: list[str]) -> bool:
    """Tell whether a first line names columns: nothing in it could be an address or a number."""
    return not any("@" in cell or sum(map(str.isdigit, cell)) >= FEWEST_DIGITS for cell in cells)


def _cell(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""

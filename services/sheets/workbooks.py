"""Workbooks (XLSX): the rows of the first sheet, read as a stream and never whole.

A workbook is a zip file of XML. Both can be made to grow without end when they are read, so their sizes are looked at
first, and an XML file with a document type, which no program writes into a workbook, is refused (CWE-409, CWE-776).
"""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import IO, Any
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from domain.sheets import MOST_COLUMNS, BadFile, FileFault, Row

MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0"
"""How files of Excel before 2007 begin, and workbooks with a password."""
MOST_BYTES = 256 * 1024 * 1024
"""Unpacked; 100,000 rows of ten columns take 60 MiB. zipfile reads no more of a file than its directory says."""
MOST_FILES = 1000
CHUNK = 16 * 1024
UNREADABLE = "is no workbook that can be read: save it as XLSX or CSV again"


def rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield the rows of the first sheet with their numbers; raises InvalidInput where it is no workbook, or too big."""
    _look_over(file)
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which we don't read
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            if not book.worksheets:
                raise BadFile(FileFault.NO_ROWS, "has no sheet with rows")
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of itself may be wrong
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
                yield Row(number, [_text(cell) for cell in cells[: _width(cells)]])
    except _BROKEN:
        raise BadFile(FileFault.BROKEN_WORKBOOK, UNREADABLE) from None


_BROKEN = (
    *(InvalidFileException, zipfile.BadZipFile, zipfile.LargeZipFile, SyntaxError, OSError, EOFError),
    *(KeyError, ValueError, TypeError, IndexError, AttributeError, NotImplementedError, RuntimeError),
)
"""What openpyxl raises for a broken file: it has no error of its own for that."""


def _look_over(file: IO[bytes]) -> None:
    """Raise InvalidInput where the zip file has too much in it, or an XML file with a document type."""
    try:
        with zipfile.ZipFile(file) as packed:
            inside = packed.infolist()
            if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > MOST_BYTES:
                raise BadFile(FileFault.TOO_MUCH_INSIDE, "has too much in it, unpacked")
            for one in inside:
                if one.filename.lower().endswith((".xml", ".rels")):
                    with packed.open(one) as part:
                        _refuse_document_type(part)
    except (zipfile.BadZipFile, expat.ExpatError, OSError, EOFError, NotImplementedError, RuntimeError):
        raise BadFile(FileFault.BROKEN_WORKBOOK, UNREADABLE) from None


class _Begun(Exception):
    """Raised at the first element: a document type can't follow it (XML 1.0, 2.8)."""


def _refuse_document_type(part: IO[bytes]) -> None:
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise BadFile(FileFault.BROKEN_WORKBOOK, UNREADABLE)

    def stop(*_: Any) -> None:
        raise _Begun

    parser.StartDoctypeDeclHandler, parser.StartElementHandler = refuse, stop
    try:
        while chunk := part.read(CHUNK):
            parser.Parse(chunk)
    except _Begun:
        return


def _width(cells: Sequence[object]) -> int:
    """Return how many cells a row has without the empty ones that it is padded with."""
    width = len(cells)
    while width and cells[width - 1] is None:
        width -= 1
    return width


def _text(cell: object) -> str:
    """Return a cell as people read it: a whole number without a point, a day without its midnight."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return str(cell.date()) if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip()

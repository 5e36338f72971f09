"""Files for the tests: tables as text, and workbooks made part by part, so that they can also be broken."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*rows: Sequence[str | int | float | date | None]) -> io.BytesIO:
    """Return a workbook with these rows."""
    book, file = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(file)
    file.seek(0)
    return file


def changed(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """Return a workbook with another content of one of its files, or one file more."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        new.writestr(name, content)
    made.seek(0)
    return made

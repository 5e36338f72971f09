"""Files as people have them: encodings, separators, line ends, workbooks, and files that would take all memory."""

import io
import zipfile
from datetime import date

import pytest

from domain.errors import InvalidInput
from domain.sheets import MOST_COLUMNS
from services.sheets import reading, workbooks
from tests.services.sheets.tables import MAIN, changed, workbook

SHEET = "xl/worksheets/sheet1.xml"


def table(content: bytes | io.BytesIO) -> list[tuple[int, list[str]]]:
    """Return the rows of a file with their numbers, the names first."""
    sheet = reading.read(io.BytesIO(content) if isinstance(content, bytes) else content)
    return [(1, list(sheet.head)), *((row.number, list(row.cells)) for row in sheet.rows)]


def fault(content: bytes | io.BytesIO) -> str:
    with pytest.raises(InvalidInput) as error:
        table(content)
    (problem,) = error.value.problems
    assert problem.field == "file"
    return problem.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_is_read_in_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    text = "手机号,姓名\r\n13800138000,张伟\r\n13900139000,李娜\r\n"
    assert table(text.encode(encoding))[1:] == [(2, ["13800138000", "张伟"]), (3, ["13900139000", "李娜"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_accents_are_read_in_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    text = "E-Mail;Größe;Ort\nkim@example.org;weiß – 5 €;Köln\n"
    assert table(text.encode(encoding)) == [
        (1, ["E-Mail", "Größe", "Ort"]),
        (2, ["kim@example.org", "weiß – 5 €", "Köln"]),
    ]


def test_the_bytes_that_tell_the_encoding_may_come_late() -> None:
    text = "to,name\n" + "".join(f"k{n}@example.org,Kim\n" for n in range(20_000)) + "last@example.org,Zoë\n"
    assert table(text.encode("cp1252"))[-1] == (20_002, ["last@example.org", "Zoë"])
    assert table(text.replace("Zoë", "张伟").encode("gb18030"))[-1] == (20_002, ["last@example.org", "张伟"])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(separator: str, end: str) -> None:
    text = end.join(separator.join(cells) for cells in (["to", "name"], ["a@b.org", "Kim"]))
    assert table(text.encode()) == [(1, ["to", "name"]), (2, ["a@b.org", "Kim"])]


def test_a_first_line_may_name_the_separator_and_is_no_row() -> None:
    assert table(b"sep=;\r\nto;name\r\na@b.org;Kim, Lee\r\n")[1] == (2, ["a@b.org", "Kim, Lee"])


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    text = 'to,name\n\na@b.org,"two\nlines"\n,\nb@b.org,Kim\n\n,\n'
    assert table(text.encode()) == [
        (1, ["to", "name"]),
        (2, []),
        (3, ["a@b.org", "two\nlines"]),
        (4, ["", ""]),
        (5, ["b@b.org", "Kim"]),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "must have the names"),
        (b"\n\n", "must have the names"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is neither CSV nor XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is no workbook that can be read"),
        (b"PK\x03\x04 and no more", "is no workbook that can be read"),
        (b'to,name\na@b.org,"Kim\n' + b"b@b.org,Lee\n" * 20_000, "too long after row 1: is a quotation mark"),
        (",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode(), "at most 60 columns"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, told: str) -> None:
    assert told in fault(content)


def test_a_table_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert len(table(b"to\na\nb\n\n\n")) == 3
    assert "at most 2 rows" in fault(b"to\na\nb\nc\n")


def test_a_workbook_gives_its_cells_as_people_read_them() -> None:
    file = workbook(
        ["Phone", "Name", "When", "Due", None],
        [8613800138000, "Kim", date(2026, 12, 24), 12.5],
        [],
        [8613900139000.0, " Lee ", None, 0.1, "beside"],
        [None, None],
    )
    assert table(file) == [
        (1, ["Phone", "Name", "When", "Due"]),
        (2, ["8613800138000", "Kim", "2026-12-24", "12.5"]),
        (3, []),
        (4, ["8613900139000", "Lee", "", "0.1", "beside"]),
    ]


def test_a_workbook_with_too_much_in_it_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = changed(workbook(["to"]), "xl/media/image1.png", bytes(10_000_000))
    assert len(bomb.getvalue()) < 20_000
    monkeypatch.setattr(workbooks, "MOST_BYTES", 9_000_000)
    assert "too much" in fault(bomb)
    monkeypatch.setattr(workbooks, "MOST_FILES", 3)
    assert "too much" in fault(workbook(["to"]))


def test_a_size_that_the_directory_gets_wrong_does_not_help_a_bomb() -> None:
    rows = b"<row><c><v>1</v></c></row>" * 200_000
    bomb = changed(workbook(["to"]), SHEET, b'<worksheet xmlns="' + MAIN.encode() + b'"><sheetData>' + rows)
    content = bytearray(bomb.getvalue())
    with zipfile.ZipFile(bomb) as packed:
        size = packed.getinfo(SHEET).file_size.to_bytes(4, "little")
    content[:] = content.replace(size, (1000).to_bytes(4, "little"))
    assert "no workbook" in fault(io.BytesIO(content))


@pytest.mark.parametrize("name", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("prolog", [b"", b'<?xml version="1.0"?><!-- ' + b"x" * 100_000 + b" -->\n"])
def test_a_workbook_with_a_document_type_is_refused(name: str, prolog: bytes) -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    file = changed(workbook(["to"], ["a"]), name, prolog + entities + b"<x>&b;&f;</x>")
    assert "no workbook" in fault(file)


def test_a_cell_far_away_takes_no_memory() -> None:
    row = '<row r="{}"><c r="{}{}" t="inlineStr"><is><t>to</t></is></c></row>'
    rows = row.format(1, "A", 1) + row.format(50_000, "XFD", 50_000)
    content = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    assert table(changed(workbook(["to"]), SHEET, content)) == [(1, ["to"])]

"""Tables as text (CSV), in the encodings and with the separators that spreadsheets write."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import IO

from domain.setting_files import encoding_of
from domain.sheets import BadFile, FileFault, Row

SEPARATORS = ",;\t"
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""The first line that Excel writes to name the separator, and does not show."""
CHUNK = 64 * 1024
_PAIRS = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
"""Punctuation and the 3,755 common characters of GB 2312. In Windows-1252 the first byte is a capital with an accent,
and another letter with an accent rarely follows one."""
_HIGH = re.compile(rb"[\x80-\xff]")


def rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield the rows of a file with their numbers; raises InvalidInput where it is no table.

    A cell in quotes may have line breaks; such a row counts once, as in a spreadsheet.
    """
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from _rows(text)
    except UnicodeError:
        raise BadFile(FileFault.NO_TEXT, "is no text in UTF-8, UTF-16, GB 18030 or Windows-1252") from None
    finally:
        with suppress(ValueError):  # its owner has closed it
            text.detach()


def _rows(text: io.TextIOWrapper) -> Iterator[Row]:
    first = text.readline(CHUNK)
    named = SEPARATOR_LINE.fullmatch(first)
    separator = named[1] if named else _separator(first)
    lines = chain([] if named else [first], text)
    reader, number = csv.reader(lines, delimiter=separator), 0
    try:
        for number, cells in enumerate(reader, 1):
            if any("\0" in cell for cell in cells):
                raise BadFile(FileFault.NO_TABLE, "is neither CSV nor XLSX")
            yield Row(number, [cell.strip() for cell in cells])
    except csv.Error:
        told = f"has a cell that is too long after row {number}: is a quotation mark missing?"
        raise BadFile(FileFault.LONG_CELL, told, row=number) from None


def _separator(line: str) -> str:
    """Return the separator that a row of names has most often, outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


def _encoding(file: IO[bytes]) -> str:
    """Return the encoding of a file: by its mark, UTF-8 if all of it is, else by what its other bytes look like."""
    file.seek(0)
    sample = file.read(CHUNK)
    mark, encoding = encoding_of(sample)
    if mark:
        return "utf-8-sig" if encoding == "utf-8" else "utf-16" if encoding.startswith("utf-16") else encoding
    first_halves, second_halves = sample[::2].count(0), sample[1::2].count(0)
    if bool(first_halves) != bool(second_halves):  # separators and line ends, in UTF-16 without a mark
        return "utf-16-be" if first_halves else "utf-16-le"
    odd = _first_that_is_not_utf8(file)
    return "utf-8" if odd is None else _legacy(odd)


def _first_that_is_not_utf8(file: IO[bytes]) -> bytes | None:
    """Return what begins with the first bytes that are not UTF-8, None where all are."""
    file.seek(0)
    decoder, before = codecs.getincrementaldecoder("utf-8")(), b""
    while chunk := file.read(CHUNK):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return before[-4:] + chunk + file.read(CHUNK)
        before = chunk
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return before[-4:]
    return None


def _legacy(sample: bytes) -> str:
    """Return GB 18030 where the bytes above ASCII come in its pairs, else Windows-1252, where each is alone."""
    high, paired = len(_HIGH.findall(sample)), 2 * len(_PAIRS.findall(sample))
    return "gb18030" if paired * 2 > high else "cp1252"

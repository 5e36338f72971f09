"""How long a long list takes, and how much memory.

All 100,000 rows are checked where SENDCODE_FULL_LISTS is set; the suite takes a tenth.
"""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from config import ROOT
from tests.conftest import settings_in
from tests.services.sheets.tables import MAIN, changed, workbook

IS_FULL = bool(os.environ.get("SENDCODE_FULL_LISTS"))
ROWS = 100_000 if IS_FULL else 10_000
SECONDS = 30.0
"""Of processor time, for all rows: the suite runs beside other tests."""
MOST_MIB = 200
TYPES = "[Content_Types].xml"
SHARED = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
CHECK = """
import io, json, sys, time
from app import create_app
from domain.owners import Owner
from domain.sheets import BadRows
from domain.statuses import Channel
from exts import db
from services.sheets import sending

settings, file = json.loads(sys.argv[1]), sys.argv[2]
app = create_app(settings, doors=())
with app.app_context():
    db.create_all()
    began, spent = time.monotonic(), time.process_time()
    with open(file, "rb") as list_:
        try:
            sending.send(list_, sending.Request(Channel.SMS, "notice"), Owner("key:a"))
        except BadRows as error:
            bad = [one.code.value for one in error.rows]
    took, spent = time.monotonic() - began, time.process_time() - spent
status = open("/proc/self/status").read()  # getrusage would tell of the process that forked this one
most = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps({"bad": bad, "took": took, "spent": spent, "mib": most / 1024}))
"""
GOOD = "+8613{:09d},Kim,Hello Kim"
EIGHT = (
    "12345,Kim,Hello",
    "+12025550123,Kim,Hello",
    "+8613800138000,Kim,",
    "+8613800138000,Kim," + "x" * 1_650,
    "+8613800000000,Kim,Hello",
    "+8613800138001,Kim,Hello,again",
    ",Kim,Hello",
    '+8613800138002,Kim,"two\nlines"',
)


def rows(count: int) -> str:
    """Return a list of which each twentieth row is bad, in one of eight ways."""
    lines = ["to,title,text", GOOD.format(800_000_000)]
    for number in range(1, count):
        lines.append(EIGHT[number // 20 % 8] if number % 20 == 19 else GOOD.format(800_000_000 + number))
    return "\n".join(lines) + "\n"


def as_workbook(text: str) -> bytes:
    """Return a list as Excel saves it: each different text once, in a part of its own that cells refer to."""
    numbers: dict[str, int] = {}
    lines = []
    for number, cells in enumerate(csv.reader(io.StringIO(text)), 1):
        named = zip("ABCD", cells, strict=False)
        refer = (
            f'<c r="{letter}{number}" t="s"><v>{numbers.setdefault(cell, len(numbers))}</v></c>'
            for letter, cell in named
            if cell
        )
        lines.append(f'<row r="{number}">{"".join(refer)}</row>')
    size = f'<dimension ref="A1:D{len(lines)}"/>'
    sheet = f'<worksheet xmlns="{MAIN}">{size}<sheetData>{"".join(lines)}</sheetData></worksheet>'
    texts = "".join(f'<si><t xml:space="preserve">{one}</t></si>' for one in numbers)
    file = changed(workbook(["to"]), "xl/worksheets/sheet1.xml", sheet)
    file = changed(file, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
    with zipfile.ZipFile(file) as packed:
        types = packed.read(TYPES).decode()
    return changed(file, TYPES, types.replace("</Types>", f"{SHARED}</Types>")).getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_list_is_checked_in_time_and_without_much_memory(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"list.{kind}"
    file.write_bytes(rows(ROWS).encode() if kind == "csv" else as_workbook(rows(ROWS)))
    settings = {**settings_in(tmp_path), "SMS_SENDS_PER_DAY": 0}
    done = subprocess.run(
        [sys.executable, "-c", CHECK, json.dumps(settings), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{kind}, {ROWS} rows: {told['took']:.1f} s, {told['spent']:.1f} s of processor, {told['mib']:.0f} MiB"
    )
    assert len(told["bad"]) == ROWS // 20
    assert len(Counter(told["bad"])) == 7  # an empty destination is a missing value like an empty text
    assert told["spent"] < (SECONDS if IS_FULL else SECONDS / 3)
    assert told["mib"] < MOST_MIB

"""Files of destinations in the shapes that people have them in."""

import pytest

from domain.errors import InvalidInput
from services.messaging.suppression_files import Line, decoded, read

KIM, LEE = "kim@example.com", "+86 138 0013 8000"
BOTH = [(KIM, "complaint"), (LEE, "")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("head", ["", "destination{}reason\n", "E-Mail{}Reason\n", "邮箱{}原因\n"])
def test_every_line_end_separator_and_head_line_is_understood(end, separator, head):
    text = f"{head.format(separator)}{KIM}{separator}complaint\n{LEE}{separator}\n".replace("\n", end)
    found = read(text)
    first = 2 if head else 1
    assert [line.number for line in found] == [first, first + 1]
    assert [line.destination for line in found] == [KIM, LEE]
    assert [line.reason for line in found] == (["", ""] if head.startswith("邮") else ["complaint", ""])


def test_a_head_line_says_which_column_it_is():
    text = "Name;Reason;Phone number\nKim;bounce;138 0013 8000\n\n;;\nLee;;+4930123456"
    assert read(text) == [Line(2, "138 0013 8000", "bounce"), Line(5, "+4930123456", "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sep=;\n12345;x\n", [Line(2, "12345", "x")]),
        (f"sep=|\r\nemail|reason\r\n{KIM}|bounce", [Line(3, KIM, "bounce")]),
        (f'"{KIM}","bounce"\n', [Line(1, KIM, "bounce")]),
        (f'"{KIM}\n{LEE}\n', [Line(1, KIM, ""), Line(2, LEE, "")]),
        (f"{KIM}\nnobody\n", [Line(1, KIM, ""), Line(2, "nobody", "")]),
        ("", []),
        ("\n \r\n;;\n", []),
        ("destination,reason,since\n", []),
        (f"{KIM},a\0b\n", [Line(1, KIM, "a\0b")]),
    ],
)
def test_odd_files_are_read_line_by_line(text, found):
    assert read(text) == found


def test_a_cell_that_is_too_long_spoils_only_its_line():
    long, kim = read("9" * 200_000 + f"\n{KIM}")
    assert len(long.destination) == 200_000
    assert kim == Line(2, KIM, "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_of_windows_are_decoded(encoding):
    assert decoded(f"{KIM}\r\n".encode(encoding)) == f"{KIM}\r\n"


@pytest.mark.parametrize("content", [b"caf\xe9@example.com", b"\xff\xfeo"])
def test_a_file_in_another_encoding_is_refused(content):
    with pytest.raises(InvalidInput, match="UTF-8"):
        decoded(content)

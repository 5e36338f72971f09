"""`flask suppressions`: its output for an operator."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from services.messaging import suppressions


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["suppressions", *arguments])


def test_destinations_are_added_listed_and_removed_however_they_are_written(app: Flask) -> None:
    added = run(app, "add", "Kim@Example.COM", "138 0013 8000", "kim@example.com")
    assert (added.exit_code, added.stdout) == (0, "")
    assert added.stderr == "2 added, 1 was already on the list\n"
    lines = [line.split("\t") for line in run(app, "list").stdout.splitlines()]
    assert [line[:2] for line in lines] == [["+8613800138000", "operator"], ["kim@example.com", "operator"]]
    assert lines[0][2].endswith("+00:00")
    assert (
        run(app, "remove", "KIM@example.com", "lee@example.com").stderr
        == "1 removed, 1 was not on the list\n"
    )
    assert run(app, "list").stdout.startswith("+8613800138000\t")


def test_the_reason_can_be_given(app: Flask) -> None:
    run(app, "add", "kim@example.com", "--reason", "complaint")
    assert "\tcomplaint\t" in run(app, "list").stdout
    assert run(app, "add", "lee@example.com", "--reason", "boredom").exit_code == 2


def test_one_bad_destination_changes_nothing(app: Flask) -> None:
    result = run(app, "add", "kim@example.com", "123")
    assert result.exit_code == 2
    assert "destination 2 is not a valid phone number" in result.stderr
    assert run(app, "list").stdout == ""


def test_a_long_list_is_shown_in_full(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressions.page, "__kwdefaults__", {"limit": 2})
    run(app, "add", *[f"n{number}@example.org" for number in range(5)])
    assert len(run(app, "list").stdout.splitlines()) == 5


def test_a_file_is_imported_and_exported(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("kim@example.com,complaint\nnobody\n138 0013 8000\n", encoding="utf-8")
    result = run(app, "import", str(file))
    assert result.exit_code == 1
    assert "2 added, 0 were already on the list" in result.stderr
    assert "no e-mail address or phone number: 2" in result.stderr
    lines = run(app, "export").stdout.splitlines()
    assert lines[0] == "destination,reason,since"
    assert sorted(line.rsplit(",", 1)[0] for line in lines[1:]) == [
        "+8613800138000,operator",
        "kim@example.com,complaint",
    ]


def test_a_file_of_a_spreadsheet_is_imported(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("\ufeffE-Mail;Reason\rkim@example.com;Complaint\rlee@example.com;\r".encode("utf-16-le"))
    result = run(app, "import", str(file))
    assert (result.exit_code, result.stderr) == (0, "2 added, 0 were already on the list\n")
    file.write_bytes(b"caf\xe9@example.com\n")
    assert "the file must be in UTF-8" in run(app, "import", str(file)).stderr

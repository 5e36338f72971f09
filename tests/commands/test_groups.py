import sys

import pytest

from commands.groups import show_rows
from exts import db


@pytest.mark.parametrize(
    "command", [["keys", "add", "x"], ["keys", "list"], ["admins", "list"], ["schedules", "list"]]
)
def test_a_database_without_tables_is_reported_in_one_line(app, command):
    with app.app_context():
        db.drop_all()
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    (line,) = done.output.strip().splitlines()
    assert "db upgrade" in line


ROWS = [("a", "long enough"), ("longer", "b")]


def test_a_list_has_tabs_for_programs_and_columns_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show_rows(("NAME", "STATE"), ROWS)
    assert capsys.readouterr().out == "a\tlong enough\nlonger\tb\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show_rows(("NAME", "STATE"), iter(ROWS))
    assert capsys.readouterr().out == "NAME    STATE\na       long enough\nlonger  b\n"
    show_rows(("NAME", "STATE"), [])
    assert capsys.readouterr().out == "NAME  STATE\n"

import pytest

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

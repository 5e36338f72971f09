"""`flask broadcasts`: its output for an operator."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from channels.memory import MemoryGateway
from domain.actions import Action
from services.audit import trail

TABLE = "to,title,text\nkim@example.org,News,Hello\nnobody,News,Hello\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "list.csv"
    made.write_text(TABLE, encoding="utf-8")
    return made


def send(app: Flask, file: Path, *arguments: str) -> Result:
    command = ["broadcasts", "send", str(file), "--channel", "email", "--template", "notice", *arguments]
    return app.test_cli_runner().invoke(args=command)


def test_a_bad_row_stops_all_of_it_unless_told_so(app: Flask, file: Path, mails: MemoryGateway) -> None:
    refused = send(app, file)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "3\tto\tinvalid_address\tis not one e-mail address\n" in refused.stderr
    assert "1 row is bad, and nothing was sent" in refused.stderr
    assert mails.sent == []
    sent = send(app, file, "--good", "--name", "Spring")
    assert (sent.exit_code, len(sent.stdout.strip())) == (0, 32)
    assert sent.stderr.endswith("1 accepted, 1 left out\n")
    assert [one.to for one in mails.sent] == ["kim@example.org"]
    with app.app_context():
        (entry,) = trail.entries().shown
    assert (entry.action, entry.subject, entry.actor) == (Action.BROADCAST_STARTED, "Spring", "command line")


def test_an_unknown_template_and_a_broken_file_are_named(app: Flask, file: Path) -> None:
    assert "template is not known for this channel" in send(app, file, "--template", "x").stderr
    file.write_bytes(b"")
    assert "file must have the names of its columns" in send(app, file).stderr

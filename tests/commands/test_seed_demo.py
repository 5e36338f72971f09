"""`flask seed-demo`: fills a development database, and never another one by mistake."""

import pytest
from flask import Flask

from exts import db
from models import Message
from services.figures import rollups


@pytest.fixture(autouse=True)
def nothing_is_rolled_up(monkeypatch):
    """Leave out what takes a month's hours one by one; tests/services/demo has it."""
    monkeypatch.setattr(rollups, "roll_up", lambda until: 0)


@pytest.fixture
def runner(app: Flask):
    return app.test_cli_runner()


def count(app):
    with app.app_context():
        return db.session.query(Message).count()


def test_it_refuses_where_there_may_be_real_traffic(app, runner, monkeypatch):
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    done = runner.invoke(args=["seed-demo", "--messages", "10"])
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert count(app) == 0


@pytest.mark.parametrize(("debug", "options"), [("1", []), ("0", ["--yes"])])
def test_it_fills_a_development_database_or_another_one_on_request(app, runner, monkeypatch, debug, options):
    monkeypatch.setenv("FLASK_DEBUG", debug)
    done = runner.invoke(args=["seed-demo", "--messages", "60", *options])
    assert done.exit_code == 0, done.output
    assert "60 messages" in done.output
    assert count(app) == 60


def test_it_fills_the_database_of_an_installation_that_dev_py_made(app, runner, monkeypatch):
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    app.config["DEVELOPMENT"] = True
    assert runner.invoke(args=["seed-demo", "--messages", "60"]).exit_code == 0
    assert count(app) == 60


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "99999999"])
def test_a_number_that_makes_no_sense_is_refused(app, runner, wrong):
    assert runner.invoke(args=["seed-demo", "--messages", wrong, "--yes"]).exit_code == 2
    assert count(app) == 0

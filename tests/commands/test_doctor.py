"""`flask doctor`"""

import re

from flask_migrate import upgrade

from exts import db


def doctor(app):
    result = app.test_cli_runner().invoke(args=["doctor"])
    return result.exit_code, result.output


def test_it_prints_one_line_per_check_and_fails_if_one_fails(app):
    code, output = doctor(app)
    assert code == 1
    lines = output.splitlines()
    assert all(re.fullmatch(r"(ok  |warn|FAIL) [a-z-]+( [a-z-]+)? +\S.*", line) for line in lines)
    assert next(line for line in lines if line.split()[1] == "broker").endswith(
        "connection refused (CELERY_BROKER_URL)"
    )
    assert app.config["SECRET_KEY"] not in output


def test_it_succeeds_if_no_check_fails(app):
    with app.app_context():
        db.drop_all()
        upgrade()
    app.config["REDIS_URL"] = ""
    app.extensions["celery"].conf.broker_url = "memory://"
    code, output = doctor(app)
    assert "FAIL" not in output
    assert code == 0

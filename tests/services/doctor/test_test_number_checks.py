from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from services.doctor.test_number_checks import check_test_numbers
from services.test_numbers import test_numbers

pytestmark = pytest.mark.usefixtures("context")
DAY = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"


def said():
    return [(finding.level.name, finding.text) for finding in check_test_numbers()]


def test_without_any_nothing_is_said():
    assert said() == []


def test_those_in_force_are_a_warning_in_production_only(app):
    test_numbers.add("+8613800138000", "246810", DAY)
    text = f"1 with a fixed code, the last until {DAY}"
    assert said() == [("WARN", f"{text}: remove those that nobody needs (flask --app app test-numbers list)")]
    app.config["DEVELOPMENT"] = True
    assert said() == [("OK", text)]


def test_those_that_ended_are_named():
    test_numbers.add("+8613800138000", "246810", DAY)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4)):
        ((level, text),) = said()
    assert level == "WARN"
    assert text.startswith("1 ended and get real codes again")

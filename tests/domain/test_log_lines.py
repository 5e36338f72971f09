import json
import logging
from datetime import UTC, datetime

import pytest

from domain.log_lines import JsonLines, message_being_sent

SECRET = "135790"


def line(text="message %s is queued", *arguments, **attributes):
    record = logging.LogRecord("services.outbox", logging.WARNING, __file__, 1, text, arguments, None)
    record.__dict__.update(attributes)
    written = JsonLines().format(record)
    assert "\n" not in written
    return json.loads(written)


def test_a_line_has_time_level_logger_and_text():
    created = datetime(2026, 11, 30, 14, 0, 0, 123456, UTC).timestamp()
    assert line("%s\n wartet ü", "m1", created=created) == {
        "time": "2026-11-30T14:00:00.123Z",
        "level": "warning",
        "logger": "services.outbox",
        "message": "m1\n wartet ü",
    }


def test_ids_are_fields_of_their_own():
    written = line("x", request_id="r1", message_id="m1")
    assert (written["request_id"], written["message_id"]) == ("r1", "m1")
    assert "request_id" not in line("x", request_id=None)


def test_the_id_of_a_request_is_not_repeated_in_the_text():
    assert line("x [request r1]", request_id="r1")["message"] == "x"
    assert line("x [request r1]", request_id="r2")["message"] == "x [request r1]"


def test_a_line_written_during_a_send_has_the_id_of_its_message():
    mark = message_being_sent.set("m2")
    try:
        assert line("slow")["message_id"] == "m2"
        assert line("slow", message_id="m3")["message_id"] == "m3", "a line that says so itself knows better"
    finally:
        message_being_sent.reset(mark)
    assert "message_id" not in line("slow")


def test_other_attributes_of_a_record_are_not_written():
    """Celery's records have the arguments of a task in `data`."""
    assert SECRET not in str(
        line("Task send_mail succeeded", data={"args": f"['{SECRET}']"}, args_repr=SECRET)
    )


def test_an_exception_is_told_without_its_text():
    try:
        try:
            int(SECRET + "x")
        except ValueError as error:
            raise LookupError(f"no code {SECRET}") from error
    except LookupError as error:
        told = line("failed", exc_info=(type(error), error, error.__traceback__))
    assert SECRET not in str(told)
    assert told["exception"].startswith("LookupError at test_log_lines.py:")
    assert ", caused by ValueError at test_log_lines.py:" in told["exception"]


@pytest.mark.parametrize("way", ["raise from None", "a ring"])
def test_hidden_causes_and_rings_of_causes_end(way):
    error, other = ValueError("x"), KeyError("y")
    error.__context__, other.__context__ = other, error
    error.__suppress_context__ = way == "raise from None"
    told = line("failed", exc_info=(ValueError, error, None))["exception"]
    assert told.count("caused by") == (0 if way == "raise from None" else 4)

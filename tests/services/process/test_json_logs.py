import io
import json
import logging

from flask import g

from services.process.json_logs import write_json


def test_a_line_has_the_id_of_the_request_that_is_being_answered(app):
    written = io.StringIO()
    logger = logging.getLogger("tests.one_of_ours")
    logger.addHandler(logging.StreamHandler(written))
    write_json(logger)
    write_json(logger)
    with app.test_request_context():
        g.request_id = "r1"
        logger.warning("inside")
    logger.warning("outside")
    inside, outside = map(json.loads, written.getvalue().splitlines())
    assert inside["request_id"] == "r1"
    assert "request_id" not in outside
    assert len(logger.handlers.pop().filters) == 1

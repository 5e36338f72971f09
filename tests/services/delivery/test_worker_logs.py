import logging

import pytest
from celery.exceptions import NotRegistered
from celery.worker.consumer import consumer

from services.delivery.worker_logs import keep_bodies_out

BODY = "[['13800138000', '135790'], {}]"


@pytest.fixture
def logger(caplog):
    keep_bodies_out()
    keep_bodies_out()
    caplog.set_level(logging.DEBUG)
    return logging.getLogger("celery.worker.consumer.consumer")


@pytest.mark.parametrize(
    ("text", "arguments", "cause"),
    [
        (consumer.UNKNOWN_TASK_ERROR, (NotRegistered("ccp_send_sms"), BODY, BODY, BODY), "'ccp_send_sms'"),
        (consumer.UNKNOWN_FORMAT, (BODY,), "str"),
        (consumer.INVALID_TASK_ERROR, (ValueError(BODY), BODY), "ValueError"),
        (consumer.MESSAGE_DECODE_ERROR, (ValueError(BODY), "x", "y", BODY, BODY), "ValueError"),
    ],
)
def test_a_message_that_can_not_be_used_is_named_and_not_shown(logger, caplog, text, arguments, cause):
    try:
        raise ValueError(BODY)
    except ValueError:
        logger.exception(text, *arguments)
    (record,) = caplog.records
    assert cause in record.getMessage()
    assert "135790" not in caplog.text
    assert "13800138000" not in caplog.text


def test_other_lines_are_left_as_they_are(logger, caplog):
    logger.info("Connected to %s", "redis")
    assert caplog.messages == ["Connected to redis"]

"""Templates written in the console, used through the API."""

import pytest

from domain.template_keys import parse
from services.audit.trail import COMMAND_LINE
from services.templating import templates
from services.templating.text_sources import Source
from tests.api.conftest import NUMBER, problem

MESSAGE = {"channel": "sms", "to": NUMBER, "template": "sale", "params": {"name": "Kim"}}


@pytest.fixture
def sale(app):
    """Publish a template whose name has no shipped file."""
    with app.app_context():
        templates.save(parse("sale.sms.en"), Source("Hi {{ name }}"), base=0, by=COMMAND_LINE)
        templates.publish(parse("sale.sms.en"), 1, by=COMMAND_LINE)


def test_a_message_is_sent_by_its_name(caller, sms, sale):
    answer = caller.post("/api/v1/messages", MESSAGE)
    assert (answer.status_code, answer.json["template"]) == (202, "sale")
    assert sms.sent[-1].text == "Hi Kim"
    refused = problem(caller.post("/api/v1/messages", {**MESSAGE, "params": {}}), 422, "invalid_input")
    assert refused["errors"] == [{"field": "params", "message": "lacks name"}]


def test_a_broadcast_is_sent_by_its_name(caller, sms, sale):
    recipients = [{"to": NUMBER, "params": {"name": "Kim"}}, {"to": NUMBER}]
    body = {"channel": "sms", "template": "sale", "recipients": recipients}
    answer = caller.post("/api/v1/broadcasts", body)
    assert (answer.status_code, answer.json["accepted"]) == (202, 1)
    assert [sent.text for sent in sms.sent] == ["Hi Kim"]


def test_an_unpublished_name_is_refused_with_the_published_ones(caller, sale):
    refused = problem(caller.post("/api/v1/messages", {**MESSAGE, "template": "sail"}), 422, "invalid_input")
    assert "known are: notice, sale" in refused["errors"][0]["message"]


def test_a_code_uses_the_text_of_its_purpose(app, caller, sms):
    with app.app_context():
        templates.save(parse("code.sms.en@pay"), Source("Pay with {{ code }}"), base=0, by=COMMAND_LINE)
        templates.publish(parse("code.sms.en@pay"), 1, by=COMMAND_LINE)
    caller.post("/api/v1/verifications", {"channel": "sms", "to": NUMBER, "purpose": "pay"})
    assert sms.sent[-1].text.startswith("Pay with ")

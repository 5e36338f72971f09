"""Reports of every preset's company from the door to the row: early, repeated, late, forged, in unknown words."""

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.events import message_news
from services.gateways import early_reports, unknown_words
from services.messaging import mail_reports, messages, suppressions
from services.process import parts
from tests.channels.presets.case import PUBLIC_URL, Case, all_cases, gateway_of
from tests.servers.http import HttpGatewayServer

REPORTING = [case for case in all_cases() if case.report and not case.has_own_text]
"""A company that has the text itself gets no free text, which is what is sent here."""
OWNER = Owner("key:tests")


@pytest.fixture(params=REPORTING, ids=lambda case: case.preset)
def case(request):
    return request.param


def those_that(may):
    """Run a test with those companies only for which `may` is true."""
    cases = [case for case in REPORTING if may(case)]
    return pytest.mark.parametrize("case", cases, indirect=True, ids=lambda case: case.preset)


def can_be_early(case):
    """Tell whether its reports name the id in its answers; one that names ours needs no answer to be understood."""
    return case.reference is not None and not case.reports_ours


@pytest.fixture
def settings(settings):
    return {**settings, "PUBLIC_URL": PUBLIC_URL}


class Company:
    """The company's server, and its reports."""

    def __init__(self, case: Case, app, client, server: HttpGatewayServer):
        self.case, self.client, self.server = case, client, server
        self.app = app
        self.gateway = gateway_of(case, server.port)
        parts.put(app, Gateways([self.gateway]))

    def sends(self):
        """Have a message sent; return its id."""
        self.server.script(*([self.case.tokens] if self.case.tokens else []), self.case.accepted[0])
        with self.app.app_context():
            subject = "Hello" if self.gateway.channel is Channel.EMAIL else None
            request = messages.Request(self.gateway.channel, self.case.to, text="Hello", subject=subject)
            return messages.send(request, OWNER).id

    def reports(self, word, reference, forge=lambda report: report):
        """Post a report; return the answer."""
        assert self.case.report
        report = forge(self.case.report(word, reference, time.time()))
        parts = urlsplit(report.url)
        headers = {name: value for name, value in report.headers.items() if name != "content-type"}
        return self.client.open(
            parts.path,
            method=report.method,
            query_string=parts.query,
            data=report.body,
            headers=headers,
            content_type=report.headers.get("content-type"),
        )

    def applies_early_ones(self):
        """Do what each worker does about reports that were too early."""
        with self.app.app_context():
            early_reports.apply_all(db.engine, message_news.teller())
            mail_reports.early(self.app, db.engine)(datetime.now(UTC))

    def status(self, message_id):
        with self.app.app_context():
            return db.session.get(Message, message_id).status

    def reference(self, message_id):
        """Return what its reports name the message by."""
        return message_id if self.case.reports_ours else self.case.reference or message_id

    def word(self, status):
        """Return one of its words for a status."""
        return next((word for word, told in self.case.words.items() if told == status), None)


@pytest.fixture
def company(case, app, client):
    with HttpGatewayServer() as server:
        made = Company(case, app, client, server)
        yield made
        made.gateway.close()


def test_a_report_is_applied_once_and_delivered_is_not_taken_back(company, case):
    message_id = company.sends()
    reference = company.reference(message_id)
    assert company.status(message_id) == "sent"
    for word in (company.word(None), "heliotrope"):
        assert word is None or company.reports(word, reference).status_code == case.answer[0]
        assert company.status(message_id) == "sent"
    for word in (company.word("delivered"), company.word("delivered"), company.word("undelivered")):
        answer = company.reports(word or company.word("delivered"), reference)
        assert (answer.status_code, answer.text) == case.answer
        assert company.status(message_id) == "delivered"
    with company.app.app_context():
        assert [one.word for one in unknown_words.of(company.gateway)] == ["heliotrope"]


@those_that(lambda case: "undelivered" in case.words.values())
def test_what_was_not_delivered_says_so(company):
    message_id = company.sends()
    company.reports(company.word("undelivered"), company.reference(message_id))
    assert company.status(message_id) == "undelivered"


def test_a_forged_report_changes_nothing(company, case):
    message_id = company.sends()
    for forge in case.forged:
        answer = company.reports(company.word("delivered"), company.reference(message_id), forge)
        assert answer.status_code == 401
    assert company.status(message_id) == "sent"


@those_that(can_be_early)
def test_an_early_report_is_applied_when_the_message_has_its_reference(company, case):
    assert company.reports(company.word("delivered"), case.reference).status_code == case.answer[0]
    message_id = company.sends()
    assert company.status(message_id) == "sent"
    company.applies_early_ones()
    assert company.status(message_id) == "delivered"


@those_that(lambda case: case.outcomes and can_be_early(case))
def test_an_early_word_about_a_mail_is_applied_when_it_has_its_reference(company, case):
    for outcome, word in {outcome: word for word, outcome in case.outcomes.items()}.items():
        assert company.reports(word, case.reference).status_code == case.answer[0]
        message_id = company.sends()
        assert company.status(message_id) == "sent"
        company.applies_early_ones()
        assert company.status(message_id) == (outcome.status or "sent")
        with company.app.app_context():
            assert suppressions.find(Channel.EMAIL, case.to).reason == outcome.suppression
            suppressions.remove(Channel.EMAIL, case.to, by=None)
            db.session.execute(update(Message).values(gateway_reference=None))
            db.session.commit()  # the stub gives all its mails one id


@those_that(lambda case: case.outcomes)
def test_words_about_mails_reach_the_suppression_list(company, case):
    for outcome, word in {outcome: word for word, outcome in case.outcomes.items()}.items():
        message_id = company.sends()
        for _ in range(2):
            assert company.reports(word, company.reference(message_id)).status_code == case.answer[0]
        assert company.status(message_id) == (outcome.status or "sent")
        with company.app.app_context():
            found = suppressions.find(Channel.EMAIL, case.to)
            assert found.reason == outcome.suppression
            suppressions.remove(Channel.EMAIL, case.to, by=None)

"""Every preset against a stub that speaks its company's dialect (rows: tests/channels/presets/cases/)."""

import logging
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels import presets
from channels.gateway import Outgoing
from channels.http.refusals import KINDS
from channels.receipts import ReceiptRequest
from channels.reports.reading import WORDS_OF_MAILS
from domain.errors import ForgedReceipt
from domain.gateway_errors import GatewayError
from domain.statuses import Channel
from tests.channels.conftest import CODE, mail, sms
from tests.channels.presets.case import SUBJECT, TOKEN, UNSUBSCRIBE, Case, all_cases, gateway_of
from tests.servers.http import Answer, HttpGatewayServer

CASES = all_cases()
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.preset)
REPORTING = pytest.mark.parametrize(
    "case", [case for case in CASES if case.report], ids=lambda case: case.preset
)
NEVER_FINAL = {"netease", "sinch"}
"""Companies whose code for a bad number is also the one for a bad sender or header; their files say so."""
TEXTS = [
    f"您的验证码 {CODE} \U0001f600 100% a+b&c=d; <x> \"q\" 'p' \\ #1 %41 {{to}}\nÄ€",
    f"Your code is {CODE}: 100% a+b&c=d #1 %41 <x>",
    f"Ihr Code für Müller & Söhne: {CODE} (€5) [1] ~^|",
]


@pytest.fixture
def server():
    with HttpGatewayServer() as started:
        yield started


def message(case: Case, text: str = TEXTS[0]) -> Outgoing:
    """Return a message of the preset's channel."""
    if presets.preset(case.preset).channel == Channel.SMS:
        return sms(to=case.to, text=text)
    return mail(
        to=case.to,
        text=f"{text}\n",
        subject=SUBJECT,
        html=f"<p>{text}</p>",
        unsubscribe_url=UNSUBSCRIBE,
        is_bulk=True,
    )


def genuine(case: Case, word: str, reference: str = "ref-1", at: float | None = None) -> ReceiptRequest:
    assert case.report
    return case.report(word, reference, time.time() if at is None else at)


def read(case: Case, report: ReceiptRequest, at: datetime | None = None):
    return gateway_of(case, 9).read_receipts(report, at or datetime.now(UTC))


def refused(case: Case, server: HttpGatewayServer, answer: Answer) -> GatewayError:
    if case.tokens:
        server.script(case.tokens)
    server.script(answer)
    gateway = gateway_of(case, server.port)
    with pytest.raises(GatewayError) as caught:
        gateway.send(message(case))
    gateway.close()
    return caught.value


def test_every_preset_has_a_case():
    assert sorted(case.preset for case in CASES) == [preset.name for preset in presets.all_presets()]


@EVERY
@pytest.mark.parametrize("text", TEXTS)
def test_a_message_arrives_unchanged_and_the_id_is_kept(case: Case, server: HttpGatewayServer, text: str):
    gateway = gateway_of(case, server.port)
    if case.tokens:
        server.script(case.tokens)
    for answer in case.accepted:
        server.script(answer)
        assert gateway.send(message(case, text)) == case.reference
        call = server.calls[-1]
        assert case.arrived(call) == (case.to, CODE if case.has_own_text else message(case, text).text)
        assert case.code_in_address or CODE not in call.target
    gateway.close()


@EVERY
def test_a_gateway_that_nobody_can_report_to_sends_all_the_same(case: Case, server: HttpGatewayServer):
    gateway = gateway_of(case, server.port, public_url="")
    server.script(*([case.tokens] if case.tokens else []), case.accepted[0])
    assert gateway.send(message(case)) == case.reference
    gateway.close()
    assert not any(b"receipts" in call.body or "receipts" in call.target for call in server.calls)


@EVERY
def test_refusals_keep_their_meaning(case: Case, server: HttpGatewayServer):
    found = {
        kind: [type(refused(case, server, answer)) for answer in answers]
        for kind, answers in case.refusals.items()
    }
    assert found == {kind: [KINDS[kind]] * len(answers) for kind, answers in case.refusals.items()}


@EVERY
def test_a_refusal_of_each_kind_is_known(case: Case):
    assert case.refusals["later"]
    assert case.refusals.get("another") or case.refusals.get("account")
    assert ("final" in case.refusals) == (case.preset not in NEVER_FINAL)


@EVERY
def test_no_error_and_no_log_contains_secret_code_or_number(
    case: Case, server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    leak = f"s3cret {TOKEN} {CODE} {case.to}"
    answers = [answer for some in case.refusals.values() for answer in some]
    answers += [Answer(status, leak, headers={"X-Leak": leak}) for status in (302, 400, 401, 500)]
    told = ["".join(traceback.format_exception(refused(case, server, answer))) for answer in answers]
    for secret in ("s3cret", TOKEN, CODE, case.to.removeprefix("+")):
        assert secret not in "".join(told) + caplog.text


@REPORTING
def test_a_genuine_report_says_what_it_says(case: Case):
    for word, status in case.words.items():
        (receipt,) = read(case, genuine(case, word))
        assert "ref-1" in (receipt.reference, receipt.gateway_reference)
        assert (receipt.status, receipt.unknown_word) == (status, None), word
        assert receipt.outcome == case.outcomes.get(word), word


@REPORTING
def test_every_word_of_the_preset_is_tried(case: Case):
    receipts = presets.preset(case.preset).gateway["receipts"]
    for key, status in (("delivered", "delivered"), ("undelivered", "undelivered"), ("temporary", None)):
        plain = [told for word, told in case.words.items() if word not in case.outcomes]
        assert (status in plain) == bool(receipts.get(key)), key
    for key, outcome in WORDS_OF_MAILS.items():
        assert (outcome in case.outcomes.values()) == bool(receipts.get(key)), key


@REPORTING
def test_an_unknown_word_changes_nothing_and_is_named(case: Case):
    (receipt,) = read(case, genuine(case, "heliotrope"))
    assert (receipt.status, receipt.unknown_word) == (None, "heliotrope")


@REPORTING
def test_a_forged_report_is_refused(case: Case):
    assert case.forged
    report = genuine(case, next(iter(case.words)))
    bare = replace(report, url=report.url.partition("?")[0], headers={})
    bare_ones = [] if case.proof_in_body else [bare]
    for forged in [*bare_ones, *(forge(report) for forge in case.forged)]:
        assert forged != report
        with pytest.raises(ForgedReceipt):
            read(case, forged)


@REPORTING
def test_a_stale_report_is_refused_where_its_time_is_signed(case: Case):
    at = time.time()
    report = genuine(case, next(iter(case.words)), at=at)
    for minutes in (-6, 6):
        then = datetime.fromtimestamp(at, UTC) + timedelta(minutes=minutes)
        if case.signed_time:
            with pytest.raises(ForgedReceipt, match="five minutes"):
                read(case, report, then)
        else:
            assert read(case, report, then)


@REPORTING
def test_the_answer_to_a_report_is_the_one_that_the_company_expects(case: Case):
    answer = gateway_of(case, 9).receipt_answer
    assert (answer.status, answer.body) == case.answer

"""The presets `kannel` and `jasmin` against the programs themselves, with an SMSC behind them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.email.mail_settings import MailSettings
from channels.http.http_gateway import HttpGateway
from channels.making import Maker
from channels.receipts import Receipt, ReceiptRequest
from channels.registry import load_gateways
from domain.gateway_errors import GatewayAtFault
from domain.statuses import MessageStatus
from tests.channels.conftest import sms
from tests.live.own_gateways import jasmin, kannel, missing
from tests.live.processes import HOST, free_port, wait_until
from tests.servers.http import Answer, HttpGatewayServer
from tests.servers.smpp import REFUSED, Arrived, SmscServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("own gateways")]  # Jasmin's queues have fixed names

PROGRAMS: dict[str, Callable[[Path, int, int], AbstractContextManager[None]]] = {
    "kannel": kannel,
    "jasmin": jasmin,
}
TEXTS = {
    "gsm": "Code 493817: 100% a+b&c=d; <x> \"q\" 'p' #1 %41 @_ €[]{}~^|\\ Müller & Söhne",
    "unicode": "【示例】您的验证码是 493817，5 分钟内有效。\U0001f600 100% a+b&c €[]",
    "several parts of gsm": "100% a+b&c €[] " * 20 + "end",
    "several parts of unicode": "验证码 493817 \U0001f600" * 20 + "。",
}
TO = "+8613812345678"


class Setup:
    """A program, gateways that are made from its preset, the SMSC behind it, and where it reports."""

    def __init__(self, preset: str, folder: Path, port: int, smsc: SmscServer, reports: HttpGatewayServer):
        self.smsc = smsc
        self._preset = preset
        self._file = folder / "gateways.toml"
        self._port = port
        self._reports = reports
        self._url = f"http://{HOST}:{reports.port}"
        self._own = 0
        self.gateway = self.made()
        answer = self.gateway.receipt_answer
        reports.usual = Answer(answer.status, answer.body, {"Content-Type": answer.content_type})

    def made(self, *, password: str = "s3cret", reporting: bool = True) -> HttpGateway:
        """Make a gateway."""
        self._file.write_text(
            f"""
            [[gateway]]
            name = "own"
            preset = "{self._preset}"
            address = "http://{HOST}:{self._port}/"
            username = "shop"
            password = "{password}"
            from = "Example"
            receipt_token = "t0ken-of-the-receipts"
            """
        )
        url = self._url if reporting else ""
        (gateway,) = load_gateways(self._file, {}, Maker(MailSettings(""), public_url=url))
        assert isinstance(gateway, HttpGateway)
        return gateway

    def send(self, text: str = TEXTS["gsm"], *, to: str = TO, gateway: HttpGateway | None = None) -> str:
        """Send one text and return the reference that its reports should have."""
        self._own += 1
        own = f"msg-{self._own:028x}"
        return (gateway or self.gateway).send(sms(id=own, text=text, to=to)) or own

    def arrived(self, before: int) -> Arrived:
        """Return the text that arrives after so many others."""
        return self.smsc.wait_for(before + 1)[before]

    def outcome(self, reference: str) -> Receipt:
        """Wait for the report that says how a message ended."""
        wait_until(lambda: bool(self._final(reference)))
        return self._final(reference)[-1]

    def _final(self, reference: str) -> list[Receipt]:
        found = []
        for call in list(self._reports.calls):
            request = ReceiptRequest(call.method, self._url + call.target, call.headers, call.body)
            found += self.gateway.read_receipts(request, datetime.now(UTC))
        assert not [receipt.unknown_word for receipt in found if receipt.unknown_word]
        return [
            receipt
            for receipt in found
            if receipt.status and reference in (receipt.reference, receipt.gateway_reference)
        ]


@pytest.fixture(scope="module", params=PROGRAMS)
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """Run each program, once for all tests."""
    if reason := missing(request.param):
        pytest.skip(reason)
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    with (
        SmscServer() as smsc,
        HttpGatewayServer() as reports,
        PROGRAMS[request.param](folder, smsc.port, port),
    ):
        yield Setup(request.param, folder, port, smsc, reports)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_arrives_unchanged(setup: Setup, text: str):
    before = len(setup.smsc.messages)
    setup.send(text)
    arrived = setup.arrived(before)
    assert (arrived.to.removeprefix("+"), arrived.text) == (TO.removeprefix("+"), text)


@pytest.mark.parametrize("text", [TEXTS["gsm"], TEXTS["several parts of unicode"]], ids=["one", "several"])
@pytest.mark.parametrize(("word", "status"), [("DELIVRD", "delivered"), ("UNDELIV", "undelivered")])
def test_what_the_phone_says_is_reported(setup: Setup, text: str, word: str, status: str):
    before = len(setup.smsc.messages)
    reference = setup.send(text)
    setup.smsc.report(setup.arrived(before), word)
    receipt = setup.outcome(reference)
    assert receipt.status == status
    assert "493817" not in f"{receipt.reason}", "SMSCs repeat the text in their reports"


def test_what_the_smsc_refuses_is_undelivered(setup: Setup):
    reference = setup.send(to=f"+86138123{REFUSED}")
    assert setup.outcome(reference).status == MessageStatus.UNDELIVERED


def test_a_message_goes_out_where_nobody_can_report_to_us(setup: Setup):
    before = len(setup.smsc.messages)
    setup.send(gateway=setup.made(reporting=False))
    assert setup.arrived(before).text == TEXTS["gsm"]


@pytest.mark.parametrize("password", ["wr0ng", "wr0ng-and-longer-than-any"])
def test_a_wrong_password_is_the_gateways_fault(setup: Setup, password: str):
    with pytest.raises(GatewayAtFault) as caught:
        setup.send(gateway=setup.made(password=password))
    assert "wr0ng" not in str(caught.value), "Jasmin repeats one that is too long"

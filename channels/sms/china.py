"""The base class of the gateways to companies in China: they send approved texts only and sign no reports."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from channels.gateway import SEND_SECONDS
from channels.http.posting import Answer, Errors, refusal
from channels.options import Options
from channels.provider import Clock, Provider, unreadable, utc_now
from channels.receipts import Receipt, ReceiptRequest
from channels.reports.receipt_token import ReceiptToken, read_reports
from channels.sms.provider_templates import ProviderTemplates


class ChinaProvider(Provider, ABC):
    """The part that all of them share.

    Reads the keys `templates` and `receipt_token`, and those of Provider.
    """

    company: str
    """The company's name as used in error reasons."""
    yes: str
    """Its code for an accepted message."""
    errors: Errors
    """Its codes for refusals."""
    signs = True
    """Whether a message must name its signature."""

    def __init__(
        self, options: Options, url: str, path: str, seconds: float = SEND_SECONDS, clock: Clock = utc_now
    ):
        """Read the keys; connects on the first send only. Raises ConfigurationError."""
        super().__init__(options, url, path, seconds)
        self._templates = ProviderTemplates(options)
        self._token = ReceiptToken(options)
        self._clock = clock

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Return all reports of one request; skips those that can't be about a message of ours.

        Raises ForgedReceipt and InvalidInput.
        """
        self._token.prove(request)
        read = (self._receipt(report) for report in self._reports(request.body))
        return [receipt for receipt in read if receipt]

    def _judge(self, answer: Answer, code: object) -> None:
        """Raise the error for an answer unless its code means success."""
        if answer.accepted and code == self.yes:
            return
        if answer.accepted and not code:
            raise unreadable(self.company)
        raise refusal(self.company, code, self.errors, answer)

    def _reports(self, body: bytes) -> Sequence[dict[str, Any]]:
        """Return the reports of one body. Raises InvalidInput."""
        return read_reports(body)

    @abstractmethod
    def _receipt(self, report: dict[str, Any]) -> Receipt | None:
        """Read one report."""


def china_number(to: str, abroad: str = "") -> str:
    """Return an E.164 number as companies in China want it: Chinese ones bare, others with `abroad` for the plus."""
    return to.removeprefix("+86") if to.startswith("+86") else abroad + to.removeprefix("+")

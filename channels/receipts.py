"""What a provider reports later about a message, and how a gateway reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from domain.mail_outcomes import MailOutcome
from domain.statuses import MessageStatus


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """The HTTP request that brought reports: header names in lower case, `url` as the provider called it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report about one message; at least one of the two references is set.

    `status`: DELIVERED or UNDELIVERED; None where the report says nothing final.
    """

    status: MessageStatus | None
    reference: str | None = None
    gateway_reference: str | None = None
    reason: str | None = None
    unknown_word: str | None = None
    """The provider's word for the status, where we don't know what it means."""
    outcome: MailOutcome | None = None
    """For a mail: what the company tells beyond the status, such as a complaint."""

    @classmethod
    def of_mail(
        cls,
        outcome: MailOutcome,
        *,
        reference: str | None = None,
        gateway_reference: str | None = None,
        reason: str | None = None,
    ) -> Self:
        """Return the report of one outcome, with the status that it gives the message."""
        return cls(outcome.status, reference, gateway_reference, reason, outcome=outcome)


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """The answer that a provider expects to a report; without it, it reports again and again."""

    body: str = ""
    content_type: str = "text/plain"
    status: int = 200


@runtime_checkable
class KnowsWords(Protocol):
    """A gateway whose provider's words for a status get their meaning from gateways.toml."""

    def knows_word(self, word: str) -> bool:
        """Tell whether a word has a meaning."""


@runtime_checkable
class NeedsProof(Protocol):
    """A gateway that accepts reports only where gateways.toml says what proves them."""

    lacks_proof: bool
    """Whether its reports are described, but every one is refused, because nothing can prove it."""


@runtime_checkable
class ReadsReceipts(Protocol):
    """A gateway whose provider reports deliveries to `/receipts/<name>`."""

    receipt_answer: ReceiptAnswer

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Return the reports of one request after proving that the provider sent it.

        Raises ForgedReceipt where it is unsigned, wrongly signed or older than five minutes, and InvalidInput where a
        genuine one can't be understood.
        """

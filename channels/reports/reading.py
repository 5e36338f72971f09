"""The table `receipts`: where a provider's report says what, and which of its words mean what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from channels.answers.finding import ABSENT, as_text, at, first_at
from channels.answers.references import reference
from channels.options import Options
from channels.placeholders.digests import one_of
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.reports.confirmation import Confirmation, Visit
from channels.reports.incoming import FORMATS, Incoming, report_names
from channels.reports.proofs import read_proofs
from channels.reports.receipt_token import ReceiptToken
from domain.errors import FieldProblem, ForgedReceipt, InvalidInput
from domain.mail_outcomes import MailOutcome
from domain.statuses import MessageStatus

LONGEST_REASON = 100
ROOT = "/"
"""Begins a path that leads from the top of the document, and not from one report of a list."""
WORDS: Mapping[str, MessageStatus | None] = {
    "delivered": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "temporary": None,
}
WORDS_OF_MAILS: Mapping[str, MailOutcome] = {
    "bounced": MailOutcome.HARD_BOUNCE,
    "complained": MailOutcome.COMPLAINT,
    "unsubscribed": MailOutcome.UNSUBSCRIBE,
}
JOINED = "+"
"""Between two paths of `status`: their values make one word, with a space between them."""
Meaning = MessageStatus | MailOutcome | None


class ReportReader:
    """See the module. Without a proof every report is refused."""

    def __init__(
        self,
        options: Options,
        token: ReceiptToken,
        credentials: Mapping[str, str],
        *,
        of_mails: bool = False,
        visit: Visit,
    ):
        """Read the table. Raises ConfigurationError.

        `of_mails`: whether mails are reported, which can bounce. `visit`: visits an address that is to be confirmed.
        """
        names = report_names(credentials)
        self._token = token
        confirm = options.table("confirm")
        self._confirmation = Confirmation(confirm, visit) if confirm else None
        self._proofs = read_proofs(options, names)
        self._format = one_of(options, "format", FORMATS, "json")
        self._json_in = options.text("json_in", "")
        self._each = options.text("each", "")
        self._reference = options.texts_or_one("reference")
        self._own_reference = options.texts_or_one("own_reference")
        self._status = options.texts_or_one("status")
        self._reason = options.texts_or_one("reason")
        if not self._status or not (self._reference or self._own_reference):
            raise options.error("reference" if self._status else "status", "is missing")
        self._words, self._families = _read_words(options, {**WORDS, **(WORDS_OF_MAILS if of_mails else {})})
        self.answer = _read_answer(options.table("answer"))
        options.finish()

    @property
    def lacks_proof(self) -> bool:
        """Whether every report is refused, because nothing is configured that could prove it."""
        return not self._token.text and not self._proofs

    def read(self, request: ReceiptRequest, now: datetime) -> list[Receipt]:
        """Return the reports of one request; skips those of a list that can't be about a message of ours.

        Raises ForgedReceipt, and InvalidInput where no report of a genuine request can be understood.
        """
        incoming = Incoming(request, self._format, self._json_in)
        self._prove(incoming, now)
        if self._confirmation and self._confirmation.confirm(incoming.whole):
            return []
        root = incoming.tree
        reports = at(root, self._each) if self._each else root
        if reports is ABSENT:
            raise InvalidInput(FieldProblem("body", "holds no report in the configured format"))
        listed = reports if isinstance(reports, list) else [reports]
        read = [receipt for one in listed if (receipt := self._receipt(one, root))]
        if listed and not read:
            raise InvalidInput(FieldProblem("body", "names no reference or no status"))
        return read

    def knows(self, word: str) -> bool:
        """Tell whether a word has a meaning."""
        return self._meaning(word)[0]

    def _prove(self, incoming: Incoming, now: datetime) -> None:
        if self.lacks_proof:
            raise ForgedReceipt("no proof is configured, so no report is accepted")
        if self._token.text:
            self._token.prove(incoming.request)
        for proof in self._proofs:
            proof.check(incoming, now)

    def _receipt(self, report: Any, root: Any) -> Receipt | None:
        theirs, ours = (_reference(report, root, paths) for paths in (self._reference, self._own_reference))
        word = self._word(report, root)
        if word is None or not (theirs or ours):
            return None
        known, meaning = self._meaning(word)
        outcome = meaning if isinstance(meaning, MailOutcome) else None
        status = meaning.status if isinstance(meaning, MailOutcome) else meaning
        return Receipt(
            status,
            reference=ours,
            gateway_reference=theirs,
            reason=self._why(report, root) if status is MessageStatus.UNDELIVERED else None,
            unknown_word=None if known else word,
            outcome=outcome,
        )

    def _word(self, report: Any, root: Any) -> str | None:
        for paths in self._status:
            values = [as_text(_find(report, root, [path])) for path in paths.split(JOINED)]
            if word := " ".join(value for value in values if value):
                return word
        return None

    def _meaning(self, word: str) -> tuple[bool, Meaning]:
        """Return whether the word is known, and what it says."""
        if word in self._words:
            return True, self._words[word]
        begins = [begin for begin in self._families if word.startswith(begin)]
        return bool(begins), self._families[max(begins, key=len)] if begins else None

    def _why(self, report: Any, root: Any) -> str | None:
        found = as_text(_find(report, root, self._reason))
        if found is None:
            return None
        return "".join(one for one in found if one.isprintable())[:LONGEST_REASON] or None


def _find(report: Any, root: Any, paths: Sequence[str]) -> Any:
    found = [
        first_at(root, [path[len(ROOT) :]]) if path.startswith(ROOT) else first_at(report, [path])
        for path in paths
    ]
    return next((one for one in found if one not in (ABSENT, None, "")), ABSENT)


def _reference(report: Any, root: Any, paths: Sequence[str]) -> str | None:
    return reference(_find(report, root, paths))


def _read_words(
    options: Options, lists: Mapping[str, Meaning]
) -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """Return the words, and those that end in `*` without it. Raises ConfigurationError."""
    words: dict[str, Meaning] = {}
    for key, meaning in lists.items():
        for word in options.words(key):
            if word in words:
                raise options.error(key, f"{word} is on two lists")
            words[word] = meaning
    if MessageStatus.DELIVERED not in words.values():
        raise options.error("delivered", "is missing")
    return words, {word[:-1]: meaning for word, meaning in words.items() if word.endswith("*")}


def _read_answer(options: Options | None) -> ReceiptAnswer:
    if options is None:
        return ReceiptAnswer()
    answer = ReceiptAnswer(
        options.text("body", ""),
        options.text("content_type", "text/plain"),
        options.integer("status", 200, least=200, most=299),
    )
    options.finish()
    return answer

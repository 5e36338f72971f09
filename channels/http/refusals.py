"""What a refusal means: by the provider's code, by the HTTP status, or by the rules of our own interface."""

import re
from collections.abc import Mapping

from channels.answers.finding import Document, JsonPaths, Place, as_text, pattern, place_in
from channels.http.posting import TOO_MANY_REQUESTS, Answer, fit
from channels.options import Options
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)

KINDS: Mapping[str, type[GatewayError]] = {
    "later": TemporaryGatewayError,
    "rate": RateLimited,
    "another": WrongGateway,
    "account": GatewayAtFault,
    "final": GatewayError,
    "unknown": UnknownResult,
}
"""The words of the table `errors`."""

AT_FAULT = {401, 402, 403, 404, 409}
"""Statuses that tell of our account or address at the provider, and nothing of the message."""

Kind = type[GatewayError]


class Wording:
    """Tells by the provider's sentence whether it refuses the recipient, for codes that stand for any bad field."""

    def __init__(self, place: JsonPaths, says: re.Pattern[str]):
        self._place = place
        self._says = says

    def fits(self, document: Document) -> bool:
        """Tell whether the answer holds such a sentence."""
        return self._says.search(as_text(self._place.find(document)) or "") is not None


class Refusals:
    """Tells what a refusal means.

    Parameters:
        place: where the provider's code is; None where it gives none.
        codes: what each code means; one that ends in `*` stands for all that begin so.
        statuses: what each HTTP status means where the code is not listed.
        final_if: the sentences that make a refusal final where neither code nor status says what it means.
        otherwise: what a refusal means that neither its code nor its status explains; None: it is final.
    """

    def __init__(
        self,
        place: Place | None = None,
        codes: Mapping[str, Kind] | None = None,
        statuses: Mapping[str, Kind] | None = None,
        final_if: Wording | None = None,
        otherwise: Kind | None = None,
    ):
        self._place = place
        self._codes = dict(codes or {})
        self._families = {code[:-1]: kind for code, kind in self._codes.items() if code.endswith("*")}
        self._statuses = dict(statuses or {})
        self._final_if = final_if
        self._otherwise = otherwise

    def error(self, answer: Answer, document: Document, rule: Kind | None = None) -> GatewayError:
        """Return the error for an answer; of its content it repeats only the code.

        `rule`: what an answer with a success status means that breaks the rule `success`.
        """
        code = as_text(self._place.find(document)) if self._place else None
        kind = (
            self._kind(code, answer)
            or _by_status(answer)
            or self._unexplained(document)
            or rule
            or GatewayError
        )
        if code is not None and fit(code):
            reason = f"the provider refused: {code}"
        elif rule:
            reason = "the provider's answer does not meet `success`"
        else:
            reason = f"the provider answered {answer.status}"
        if issubclass(kind, TemporaryGatewayError):
            return kind(reason, retry_after=answer.retry_after)
        return kind(reason)

    def _kind(self, code: str | None, answer: Answer) -> Kind | None:
        if code is not None:
            known = self._codes.get(code) or _longest(self._families, code)
            if known:
                return known
        return self._statuses.get(str(answer.status))

    def _unexplained(self, document: Document) -> Kind | None:
        if self._final_if and self._final_if.fits(document):
            return GatewayError
        return self._otherwise


def read_refusals(options: Options | None) -> Refusals:
    """Read the table `errors`. Raises ConfigurationError."""
    if options is None:
        return Refusals()
    place = place_in(options)
    codes = _kinds(options)
    if codes and place is None:
        raise options.error(next(iter(_given(options))), "needs json, xml, header or matches for the code")
    table = options.table("statuses")
    statuses = _kinds(table) if table else {}
    if table:
        table.finish()
    final_if = _wording(options.table("final_if"))
    otherwise = None
    if options.has("otherwise"):
        word = options.text("otherwise")
        if word not in KINDS:
            raise options.error("otherwise", f"must be one of {', '.join(KINDS)}")
        otherwise = KINDS[word]
    options.finish()
    return Refusals(place, codes, statuses, final_if, otherwise)


def _wording(options: Options | None) -> Wording | None:
    """Read the table `final_if`. Raises ConfigurationError."""
    if options is None:
        return None
    paths, says = options.texts_or_one("json"), pattern(options, "matches")
    if not paths:
        raise options.error("json", "is missing: where the sentence is")
    options.finish()
    return Wording(JsonPaths(paths), says)


def _given(options: Options) -> list[str]:
    return [word for word in KINDS if options.has(word)]


def _kinds(options: Options) -> dict[str, Kind]:
    """Read the lists of codes or statuses. Raises ConfigurationError where one is on two lists."""
    kinds: dict[str, Kind] = {}
    for word in _given(options):
        for code in options.words(word):
            if code in kinds:
                raise options.error(word, f"{code} is on two lists")
            kinds[code] = KINDS[word]
    return kinds


def _longest(families: Mapping[str, Kind], code: str) -> Kind | None:
    found = [begin for begin in families if code.startswith(begin)]
    return families[max(found, key=len)] if found else None


def _by_status(answer: Answer) -> Kind | None:
    """Return what a status means by itself, None where it may mean anything."""
    if answer.status == TOO_MANY_REQUESTS:
        return RateLimited
    if answer.temporary:
        return TemporaryGatewayError
    return GatewayAtFault if answer.status in AT_FAULT else None

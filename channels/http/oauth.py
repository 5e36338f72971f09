"""OAuth 2.0 client credentials (RFC 6749, 4.4): a token for all threads of a process, renewed ahead of its end."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from channels.http.posting import Answer, Poster
from channels.placeholders.escaping import FORM
from channels.signatures.basic import basic
from channels.sockets import PerProcess
from domain.gateway_errors import GatewayAtFault, GatewayError, TemporaryGatewayError

TOKEN_SECONDS = 5.0
"""Longest time to ask for a token: what is left of a send's 15 s is for the send itself."""
USUAL_LIFE_SECONDS = 300.0
"""Where the server does not say (RFC 6749, 5.1, recommends that it does)."""
AHEAD_SECONDS = 60.0
"""A token is renewed so long before its end, or in the last tenth of a short life."""
AFTER_FAILURE_SECONDS = 1.0
"""For so long after a failure nobody asks again: all who waited for the token would ask one after the other."""


@dataclass
class _Token:
    """The state of one process. `text` is empty where there is no token yet."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str = field(default="", repr=False)
    renew_at: float = 0.0
    ends_at: float = 0.0
    failure: GatewayError | None = None
    failed_at: float = 0.0


class ClientCredentials:
    """Gets tokens from `token_url`. Safe for threads and greenlets: one of them asks, the others wait for it.

    Parameters:
        in_body: whether the credentials are sent as form fields, not as basic authentication (RFC 6749, 2.3.1).
        more: more fields of the form, such as an audience.
    """

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        scope: str = "",
        in_body: bool = False,
        more: Mapping[str, str] | None = None,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Check the url; asks for a token at the first send only. Raises ConfigurationError."""
        self._poster = Poster(token_url, ca_file=ca_file, connections=1, seconds=TOKEN_SECONDS)
        fields = {"grant_type": "client_credentials", **({"scope": scope} if scope else {}), **(more or {})}
        self._headers = {"Content-Type": FORM, "Accept": "application/json"}
        if in_body:
            fields |= {"client_id": client_id, "client_secret": client_secret}
        else:
            self._headers["Authorization"] = basic(quote_plus(client_id), quote_plus(client_secret))
        self._body = urlencode(fields).encode()
        self._clock = clock
        self._tokens = PerProcess(_Token)

    def token(self) -> str:
        """Return a token that is still good. Raises GatewayAtFault or TemporaryGatewayError."""
        token = self._tokens.get()
        now = self._clock()
        if now < token.renew_at:
            return token.text
        if now < token.ends_at:
            return self._renewed_ahead(token)
        return self._renewed(token, lambda: self._clock() < token.ends_at)

    def renew(self, refused: str) -> str:
        """Return another token than the one that was refused, once for all who were refused with it."""
        token = self._tokens.get()
        return self._renewed(token, lambda: bool(token.text) and token.text != refused)

    def close(self) -> None:
        """Close the kept connection."""
        self._poster.close()

    def _renewed_ahead(self, token: _Token) -> str:
        """Renew in one thread, while the others go on with the token that is still good, as all do if this fails."""
        if token.lock.acquire(blocking=False):
            try:
                self._ask(token)
            except GatewayError:
                token.renew_at = self._clock() + AFTER_FAILURE_SECONDS
            finally:
                token.lock.release()
        return token.text

    def _renewed(self, token: _Token, is_good: Callable[[], bool]) -> str:
        if not token.lock.acquire(timeout=TOKEN_SECONDS):
            raise TemporaryGatewayError("the provider gave no token in time")
        try:
            if not is_good():
                if token.failure and self._clock() < token.failed_at + AFTER_FAILURE_SECONDS:
                    raise token.failure.with_traceback(None)
                self._ask(token)
            return token.text
        finally:
            token.lock.release()

    def _ask(self, token: _Token) -> None:
        began = self._clock()
        try:
            answer = self._poster.post(self._body, self._headers)
            token.text, life = _read(answer)
        except GatewayError as error:
            # A lost answer is no lost message: a token can be asked for again.
            token.failure = (
                error if isinstance(error, GatewayAtFault) else TemporaryGatewayError(error.reason)
            )
            token.failed_at = self._clock()
            raise token.failure from None
        token.failure = None
        token.ends_at = began + life
        token.renew_at = token.ends_at - min(AHEAD_SECONDS, life / 10)


def _read(answer: Answer) -> tuple[str, float]:
    """Return the token and its life in seconds. Raises GatewayAtFault or TemporaryGatewayError."""
    told = answer.table()
    if not answer.accepted:
        kind = TemporaryGatewayError if answer.temporary else GatewayAtFault
        raise kind(f"the provider refused a token: status {answer.status}")
    token, life = told.get("access_token"), told.get("expires_in", USUAL_LIFE_SECONDS)
    try:
        seconds = float(life)
    except (TypeError, ValueError):
        seconds = USUAL_LIFE_SECONDS
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise TemporaryGatewayError("the provider's answer holds no token")
    return token, max(seconds, 0.0)

"""Codes of one browser: which code belongs to it is kept in its session, which must be signed or on the server."""

from collections.abc import MutableMapping
from typing import Any

from sendcode.answers import Channel, Verification
from sendcode.clients import Sendcode
from sendcode.errors import Conflict, InvalidInput, NotFound

SESSION_KEY = "sendcode"


def send(
    client: Sendcode,
    session: MutableMapping[str, Any],
    to: str,
    *,
    channel: Channel = "sms",
    purpose: str = "default",
    locale: str | None = None,
    client_ip: str | None = None,
) -> Verification:
    """Send a code and note it in the session; a second call for the same `to` sends the same code again.

    Raises InvalidDestination, LimitExceeded and Unavailable.
    """
    known = _known(session, purpose)
    if known and known["asked"] == [channel, to]:
        try:
            return client.verifications.resend(known["id"])
        except (Conflict, NotFound):
            forget(session, purpose)
    made = client.verifications.issue(channel, to, purpose=purpose, locale=locale, client_ip=client_ip)
    noted = {"id": made.id, "to": made.to, "asked": [channel, to]}
    session[SESSION_KEY] = {**session.get(SESSION_KEY, {}), purpose: noted}
    return made


def check(
    client: Sendcode, session: MutableMapping[str, Any], code: str, *, purpose: str = "default"
) -> str | None:
    """Return the destination that the user has just proved to own, None for a wrong code or none that was sent.

    It is the one that the code was sent to, whatever the form says by now. Raises LimitExceeded and Unavailable.
    """
    known = _known(session, purpose)
    if not known or not code.strip():
        return None
    try:
        result = client.verifications.check(known["id"], code)
    except (InvalidInput, NotFound):
        return None
    if not result.valid:
        return None
    forget(session, purpose)
    destination: str = known["to"]
    return destination


def waits(session: MutableMapping[str, Any], purpose: str = "default") -> bool:
    """Tell whether a code was sent that is not entered yet."""
    return _known(session, purpose) is not None


def forget(session: MutableMapping[str, Any], purpose: str = "default") -> None:
    """Forget the code of one purpose."""
    rest = {name: one for name, one in session.get(SESSION_KEY, {}).items() if name != purpose}
    session[SESSION_KEY] = rest


def _known(session: MutableMapping[str, Any], purpose: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = session.get(SESSION_KEY, {}).get(purpose)
    return found

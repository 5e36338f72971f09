"""What becomes of an SMS in Twilio's words, and the signed form that tells a program of it.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from domain.statuses import MessageStatus

VERSION = "2010-04-01"
SIGNATURE_HEADER = "X-Twilio-Signature"
ERRORS: Mapping[MessageStatus, int] = {
    MessageStatus.FAILED: 30008,
    MessageStatus.UNDELIVERED: 30003,
    MessageStatus.EXPIRED: 30036,
}
"""Unknown error, unreachable, not sent within its time."""


def status_word(status: MessageStatus, *, is_planned: bool = False) -> str:
    """Return the word for a status; `is_planned`: its time has not come yet."""
    if status is MessageStatus.EXPIRED:
        return MessageStatus.FAILED.value
    return "scheduled" if is_planned and status is MessageStatus.QUEUED else status.value


def without_password(url: str) -> tuple[str, str | None]:
    """Split an address into what is called, and the value of `Authorization` where it has a user and a password.

    Raises ValueError where it is no URL.
    """
    parts = urlsplit(url)
    if parts.username is None and parts.password is None:
        return url, None
    who = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, f"Basic {base64.b64encode(who.encode()).decode()}"


def form(
    status: MessageStatus, *, message_sid: str, account_sid: str, to: str, sender: str = ""
) -> dict[str, str]:
    """Return the fields that are posted when a message gets this status; Twilio posts none for the first one."""
    word = status_word(status)
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": VERSION,
        "From": sender,
        "MessageSid": message_sid,
        "MessageStatus": word,
        "SmsSid": message_sid,
        "SmsStatus": word,
        "To": to,
    }
    code = ERRORS.get(status)
    return fields if code is None else {**fields, "ErrorCode": str(code)}


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """Return the value of `X-Twilio-Signature` for fields posted to `url`, which is the address as it was given."""
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()

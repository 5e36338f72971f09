"""What a mail server's answers and failures mean for the message."""

import re
import smtplib
import ssl

from domain.errors import GatewayError, TemporaryGatewayError

OPERATORS_FAULT = {530, 534, 535, 538}
"""Login missing, too weak or wrong: not the message's fault, and the settings may be mended in time."""

ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
QUEUE_ID = re.compile(rb"(?:queued as|\bid=)\s*<?([\w.@+-]{1,64})", re.IGNORECASE)


class LostConnectionError(TemporaryGatewayError):
    """Raised when the server ended the connection before it was given the mail: another one may be tried."""


def refusal(step: str, code: int, text: bytes) -> GatewayError:
    """Return the error that an SMTP answer means (RFC 5321 4.2.1: 4xx may pass, 5xx will not).

    Only the codes are told: the text often repeats the recipient.
    """
    enhanced = ENHANCED_CODE.match(text)
    reason = f"{step} answered {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    if 500 <= code < 600 and code not in OPERATORS_FAULT:
        return GatewayError(reason)
    return TemporaryGatewayError(reason)


def unreachable(error: Exception) -> str:
    """Say why no connection could be opened, without texts of the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server's greeting answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the mail server lacks what the settings ask for: {error}"
    if isinstance(error, TimeoutError):
        return "the mail server was not reached in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the mail server was not reached: {error.strerror}"
    return f"no session with the mail server: {type(error).__name__}"


def queue_id(text: bytes) -> str | None:
    """Find the server's own name for an accepted mail: Postfix "queued as 4Xy", Exim "id=1abc-…"."""
    found = QUEUE_ID.search(text)
    return found[1].decode("ascii", "replace") if found else None

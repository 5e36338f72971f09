"""What a mail server answers, and what its answers and failures mean for the message."""

import re
import smtplib
import socket
import ssl

from channels.sockets import Deadline
from domain.errors import GatewayError, TemporaryGatewayError

OPERATORS_FAULT = {530, 534, 535, 538}
"""Login missing, too weak or wrong: not the message's fault, and the settings may be mended in time."""

NONSENSE = -1
"""Stands for the code of an answer that has none."""

LONGEST_REPLY = 65_536

ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
QUEUE_ID = re.compile(rb"(?:queued as|\bid=)\s*<?([\w.@+-]{1,64})", re.IGNORECASE)


class LostConnectionError(TemporaryGatewayError):
    """Raised when the server ended the connection before it was given the mail: another one may be tried."""


class Replies:
    """The answers that come on one socket, in the place of smtplib's file, whose waits begin anew with every byte."""

    def __init__(self, sock: socket.socket):
        self._sock = sock
        self.ahead = b""
        """What was read beyond the last answer."""

    def next(self, deadline: Deadline) -> tuple[int, bytes]:
        """Return code and text of one answer, NONSENSE where a line has no code.

        Raises TimeoutError at the deadline, however slowly the bytes drip; any other OSError at the end.
        """
        code, text = NONSENSE, b""
        more = True
        while more:
            line = self._line(deadline, LONGEST_REPLY - len(text))
            code = int(line[:3]) if line[:3].isdigit() else NONSENSE
            more = code != NONSENSE and line[3:4] == b"-"
            text += (b"\n" if text else b"") + line[4:].strip()
        return code, text

    def close(self) -> None:
        """Forget what was read ahead; the socket is not ours to close."""
        self.ahead = b""

    def _line(self, deadline: Deadline, most: int) -> bytes:
        while b"\n" not in self.ahead:
            self._sock.settimeout(deadline.remaining())
            received = self._sock.recv(4096)
            self.ahead += received
            if not received or len(self.ahead) > most:
                raise ConnectionError("the end, or an answer without one")
        line, _, self.ahead = self.ahead.partition(b"\n")
        return line


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

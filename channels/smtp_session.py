"""One connection to a mail server, on which every wait ends at a deadline."""

import re
import smtplib
import socket
import ssl
import time
from typing import Any

from channels import smtp_replies as replies
from channels.mime import Mail
from channels.settings import MailSettings
from channels.smtp_replies import LostConnectionError
from channels.sockets import CONNECT_SECONDS, Deadline, connect
from domain.errors import GatewayError, TemporaryGatewayError

LONGEST_REPLY = 65_536
LINE_END = re.compile(rb"\r\n|\r|\n")


class Session(smtplib.SMTP):
    """An open, secured and signed-in connection, for one sender at a time.

    Whatever leaves the dialogue out of step closes it at once; a refused mail or recipient does not.
    """

    def __init__(self, settings: MailSettings, context: ssl.SSLContext, deadline: Deadline):
        """Connect and sign in. Raises TemporaryGatewayError: nothing was sent, and every cause may pass."""
        self.deadline = deadline
        self.used_at = time.monotonic()
        self._settings = settings
        self._context = context
        try:
            super().__init__(settings.server, settings.port, _own_name(), settings.timeout or float("inf"))
            if settings.use_tls:
                self.starttls(context=context)
            if settings.username:
                self.login(settings.username, settings.password)
            self.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise TemporaryGatewayError(replies.unreachable(error)) from None
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        """Close quietly what nobody uses any more, as after a fork, where a goodbye would be the parent's."""
        self.close()

    @property
    def usable(self) -> bool:
        """Whether another mail may be sent on it."""
        return self.sock is not None

    def deliver(self, mail: Mail, deadline: Deadline) -> str | None:
        """Hand over one mail and return the server's queue id if it told one.

        Raises GatewayError where it was refused for good, LostConnectionError or TemporaryGatewayError.
        """
        self.deadline = deadline
        if mail.international and not self.has_extn("smtputf8"):
            raise GatewayError("the mail server takes no international addresses")
        self._envelope(mail)
        text = self._content(mail)
        self.used_at = time.monotonic()
        return replies.queue_id(text)

    def alive(self) -> bool:
        """Tell, without a round trip, whether the server has not ended the connection meanwhile."""
        if self.sock is None or (self.file and self.file.ahead):
            return False
        try:
            self.sock.setblocking(False)
            self.sock.recv(1)  # whatever there is to read now is a goodbye: the end, or "421 …"
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        finally:
            self.sock.setblocking(True)
        return False

    def leave(self) -> None:
        """Say goodbye without waiting for the answer: what was accepted stays accepted."""
        self.deadline = Deadline(1)
        try:
            self.putcmd("QUIT")
        except (smtplib.SMTPException, GatewayError):
            pass  # it was gone already
        finally:
            self.close()

    def _envelope(self, mail: Mail) -> None:
        options = " SMTPUTF8 BODY=8BITMIME" if mail.international else ""
        try:
            self._expect("MAIL", self.docmd("MAIL", f"FROM:<{mail.sender}>{options}"))
            self._expect("RCPT", self.docmd("RCPT", f"TO:<{mail.recipient}>"))
            self._expect("DATA", self.docmd("DATA"), 354)
        except smtplib.SMTPException:
            self.close()
            raise LostConnectionError("the mail server ended the connection") from None

    def _content(self, mail: Mail) -> bytes:
        """Send the content; from here on nothing may be sent twice."""
        lines = LINE_END.sub(b"\r\n", mail.content.rstrip(b"\r\n")).replace(b"\r\n.", b"\r\n..")
        try:
            self.send(lines + b"\r\n.\r\n")
            reply = self.getreply()
        except (smtplib.SMTPException, TemporaryGatewayError):
            self.close()
            raise TemporaryGatewayError("no answer to the mail: it may have arrived or not") from None
        return self._expect("the mail", reply)

    def _expect(self, step: str, reply: tuple[int, bytes], good: int = 250) -> bytes:
        """Return the text of a good answer; clear the transaction and raise what any other means."""
        code, text = reply
        if code // 10 == good // 10:  # 251 is as good as 250
            return text
        if code in (421, -1):  # the server leaves, or talks nonsense
            self.close()
            if step != "the mail":
                raise LostConnectionError(f"{step} answered {code}")
        else:
            self._reset()
        raise replies.refusal(step, code, text)

    def _reset(self) -> None:
        try:
            code, _ = self.docmd("RSET")
        except (smtplib.SMTPException, GatewayError):
            code = -1
        if code != 250:
            self.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect for smtplib, within what is left of the deadline."""
        opened = connect(host, port, self.deadline.remaining(CONNECT_SECONDS))
        if not self._settings.use_ssl:
            return opened
        opened.settimeout(self.deadline.remaining(CONNECT_SECONDS))
        return self._context.wrap_socket(opened, server_hostname=host)

    def send(self, s: Any) -> None:
        """Send for smtplib; a server that reads slowly gets no more time than one that reads nothing."""
        left = memoryview(s.encode() if isinstance(s, str) else s)
        try:
            deadline = Deadline(self.deadline.remaining(self.timeout))
            while left:
                if self.sock is None:
                    raise OSError("closed")
                self.sock.settimeout(deadline.remaining())
                left = left[self.sock.send(left) :]
        except TimeoutError:
            self.close()
            raise TemporaryGatewayError("the mail server did not read in time") from None
        except OSError:
            self.close()
            raise smtplib.SMTPServerDisconnected("connection lost") from None

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer for smtplib; one deadline for all its bytes, however slowly they drip."""
        try:
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("closed")
            self.file = self.file or _Lines(self.sock)
            self.file.begin(Deadline(self.deadline.remaining(self.timeout)))
            return super().getreply()
        except (TimeoutError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            # smtplib hides a timeout in its "disconnected", on which we would try another connection.
            if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
                raise TemporaryGatewayError("the mail server did not answer in time") from None
            raise


class _Lines:
    """The server's lines, in the place of smtplib's file, whose waits begin anew with every byte."""

    def __init__(self, sock: socket.socket):
        self._sock = sock
        self._deadline = Deadline(0)
        self.ahead = b""
        self._left = 0

    def begin(self, deadline: Deadline) -> None:
        """Start to read one answer."""
        self._deadline = deadline
        self._left = LONGEST_REPLY

    def readline(self, limit: int) -> bytes:
        """Return the next line, or b"" at the end of the connection. Raises TimeoutError."""
        while b"\n" not in self.ahead and len(self.ahead) < limit:
            self._sock.settimeout(self._deadline.remaining())
            received = self._sock.recv(4096)
            self._left -= len(received)
            if not received or self._left < 0:
                return b""
            self.ahead += received
        end = self.ahead.find(b"\n", 0, limit) + 1 or limit
        line, self.ahead = self.ahead[:end], self.ahead[end:]
        return line

    def close(self) -> None:
        """Forget what was read ahead; the socket is not ours to close."""
        self.ahead = b""


def _own_name() -> str:
    """Name this machine to the server; smtplib's own way asks the DNS, which may take many seconds."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"

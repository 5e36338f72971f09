"""One connection to a mail server, with a deadline for every wait."""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, TypeVar

from channels.email import smtp_replies as replies
from channels.email.mail_settings import MailSettings
from channels.email.mime import Mail
from channels.email.smtp_replies import NONSENSE, LostConnectionError, Replies, TurnedAwayError
from channels.sockets import CONNECT_SECONDS, Deadline, connect
from domain.gateway_errors import GatewayError, TemporaryGatewayError, UnknownResult, WrongGateway

Read = TypeVar("Read")


class Session(smtplib.SMTP):
    """An open, secured and signed-in connection, for one sending thread at a time.

    smtplib opens it; mails are delivered here, in fewer packets. An error that leaves the dialogue out of sync closes
    it at once; a refused mail or recipient does not.
    """

    def __init__(self, settings: MailSettings, context: ssl.SSLContext, deadline: Deadline):
        """Connect and sign in. Raises TemporaryGatewayError: nothing was sent, and every cause may go away."""
        self.deadline = deadline
        self._settings = settings
        self._context = context
        try:
            # smtplib itself would ask the DNS for a name, which may take many seconds
            super().__init__(
                settings.server, settings.port, settings.ehlo_name, settings.timeout or float("inf")
            )
            if settings.use_tls:
                self.starttls(context=context)
            if settings.username:
                self.login(settings.username, settings.password)
            self.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise replies.no_session(error) from None
        except BaseException:
            self.close()
            raise
        self._pipelining = self.has_extn("pipelining")
        self.used_at = time.monotonic()

    def __del__(self) -> None:
        """Close without QUIT: after a fork, a QUIT from the child would end the parent's session."""
        self.close()

    @property
    def usable(self) -> bool:
        """Whether another mail may be sent on this connection."""
        return self.sock is not None

    def deliver(self, mail: Mail, deadline: Deadline, ensure_valid: Callable[[], None]) -> str | None:
        """Hand over one mail and return the server's queue id if it told one.

        `ensure_valid` is called just before the content goes out and raises where it must not any more.

        Raises GatewayError where it was refused for good, LostConnectionError before the server had the mail,
        UnknownResult where it may have it, else TemporaryGatewayError.
        """
        self.deadline = deadline
        if mail.international and not self.has_extn("smtputf8"):
            raise WrongGateway("the mail server takes no international addresses")
        self._open_transaction(mail)
        try:
            ensure_valid()
        except GatewayError:
            self.close()  # after DATA there is no other way back
            raise
        text = self._give_content(mail)
        self.used_at = time.monotonic()
        return replies.queue_id(text)

    def alive(self) -> bool:
        """Tell, without a round trip, whether the server has kept the connection open."""
        if self.sock is None or (self.file and self.file.ahead):
            return False
        try:
            self.sock.setblocking(False)
            self.sock.recv(1)  # anything to read now means the server is leaving: end of file, or "421 …"
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        finally:
            self.sock.setblocking(True)
        return False

    def leave(self) -> None:
        """Send QUIT without waiting for the reply: what was accepted stays accepted."""
        self.deadline = Deadline(1)
        try:
            self.send(b"QUIT\r\n")
        except GatewayError:
            pass  # it was gone already
        finally:
            self.close()

    def _open_transaction(self, mail: Mail) -> None:
        """Send the commands up to DATA: one by one, or together where the server allows pipelining (RFC 2920 3.1)."""
        options = " SMTPUTF8 BODY=8BITMIME" if mail.international else ""
        steps = {
            "MAIL": f"MAIL FROM:<{mail.sender}>{options}\r\n",
            "RCPT": f"RCPT TO:<{mail.recipient}>\r\n",
            "DATA": "DATA\r\n",
        }
        if self._pipelining:
            self.send("".join(steps.values()))
            refused = None if self._read(Replies.go_ahead) else self._first_refusal(*steps)
        else:
            for step, line in steps.items():
                self.send(line)
                if refused := self._first_refusal(step):
                    break
        if refused:
            self._reset()
            raise refused

    def _first_refusal(self, *steps: str) -> GatewayError | None:
        """Read the replies to `steps`; a refusal already read is kept even when the server then leaves."""
        refused: GatewayError | None = None
        for step in steps:
            try:
                code, text = self._answer(step)
            except TemporaryGatewayError as error:
                raise refused or error from None
            good = 354 if step == "DATA" else 250
            if code // 10 != good // 10:  # 251 is as good as 250
                refused = refused or replies.refusal(step, code, text)
            elif step == "DATA" and refused:
                self._give_nothing()
        return refused

    def _answer(self, step: str) -> tuple[int, bytes]:
        code, text = self.getreply()
        if code in (421, NONSENSE):
            self.close()
            kind = LostConnectionError if code == NONSENSE else TurnedAwayError
            raise kind(f"{step} answered {code}")
        return code, text

    def _give_nothing(self) -> None:
        """End a DATA that the server accepted after refusing the mail, with a lone dot (RFC 2920 3.1)."""
        try:
            self.send(b".\r\n")
            self.getreply()
        except TemporaryGatewayError:
            pass  # the refusal is reported all the same

    def _give_content(self, mail: Mail) -> bytes:
        """Send the content and return the reply; once the content went out, it must not be sent again."""
        try:
            self.send(mail.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        except LostConnectionError as error:
            raise TemporaryGatewayError(error.reason) from None
        try:
            code, text = self.getreply()
        except TemporaryGatewayError:
            code, text = NONSENSE, b""
        if code // 10 == 25:
            return text
        if code == NONSENSE:
            self.close()
            raise UnknownResult("no answer to the mail: it may have arrived or not")
        if code == 421:
            self.close()
        else:
            self._reset()
        raise replies.refusal("the mail", code, text)

    def _reset(self) -> None:
        try:
            self.send(b"RSET\r\n")
            code, _ = self.getreply()
        except TemporaryGatewayError:
            code = NONSENSE
        if code != 250:
            self.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect for smtplib, within the rest of the deadline."""
        opened = connect(host, port, self.deadline.remaining(CONNECT_SECONDS))
        if not self._settings.use_ssl:
            return opened
        opened.settimeout(self.deadline.remaining(CONNECT_SECONDS))
        return self._context.wrap_socket(opened, server_hostname=host)

    def send(self, s: Any) -> None:
        """Send, also for smtplib; a server that reads slowly gets no more time than one that reads nothing.

        Raises TemporaryGatewayError where time ran out, LostConnectionError.
        """
        left = memoryview(s.encode() if isinstance(s, str) else s)
        try:
            deadline = Deadline(self.deadline.remaining(self.timeout))
            while left:
                if self.sock is None:
                    raise ConnectionError("closed")
                self.sock.settimeout(deadline.remaining())
                left = left[self.sock.send(left) :]
        except TimeoutError:
            self.close()
            raise TemporaryGatewayError("the mail server did not read in time") from None
        except OSError:
            self.close()
            raise LostConnectionError("the mail server ended the connection") from None

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply, also for smtplib. Raises TemporaryGatewayError where time ran out, LostConnectionError."""
        return self._read(Replies.next)

    def _read(self, way: Callable[[Replies, Deadline, float], Read]) -> Read:
        try:
            if self.sock is None:
                raise ConnectionError("closed")
            self.file = self.file or Replies(self.sock)
            return way(self.file, self.deadline, self.timeout)
        except TimeoutError:
            self.close()
            raise TemporaryGatewayError("the mail server did not answer in time") from None
        except OSError:
            self.close()
            raise LostConnectionError("the mail server ended the connection") from None

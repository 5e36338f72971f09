"""Gateway type `smtp`: mail to one server over kept connections."""

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from channels.email import ehlo_names, mail_headers, mime
from channels.email.mail_settings import MailSettings
from channels.email.smtp_replies import LostConnectionError
from channels.email.smtp_session import Session
from channels.gateway import SEND_SECONDS, Outgoing
from channels.options import Options
from channels.sockets import Deadline, PerProcess, trust
from domain import bounce_addresses
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayBusy, GatewayError
from domain.statuses import Channel

WAIT_SECONDS = 5.0
"""Longest time to wait for one of our own connections to become free."""

IDLE_SECONDS = 60.0
"""Connections idle for longer are closed: a firewall may have dropped them silently."""

FRESH_SECONDS = 0.5
"""Connections used this recently are not checked before use: the check costs more than it saves."""


@dataclass
class _Connections:
    """The connection pool of one process: how many more may be used, and the idle ones, most recently used on top."""

    free: threading.Semaphore
    idle: deque[Session] = field(default_factory=deque)


class SmtpGateway:
    """See the module. Safe for threads and for gevent and eventlet greenlets.

    Parameters:
        seconds: longest time for one send in all.
        wait_seconds: longest wait for a free connection before GatewayBusy.
    """

    channel = Channel.EMAIL
    type = "smtp"
    rate = 0
    rate_seconds = 1

    def __init__(
        self,
        settings: MailSettings,
        *,
        name: str = "smtp",
        weight: int = 100,
        seconds: float = SEND_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ):
        """Check the settings; connects on the first send only. Raises ConfigurationError."""
        self.name = name
        self.weight = weight
        self.countries: frozenset[str] = frozenset()
        self.capacity = settings.connections or None
        self.smtputf8 = settings.smtputf8
        self._sender = _sender(settings)
        name = settings.ehlo_name
        name = ehlo_names.checked(name) if name else ehlo_names.usual(self._sender.domain)
        self._settings = replace(settings, ehlo_name=name)
        self._context = _context(settings)
        self._seconds = seconds
        self._wait_seconds = wait_seconds
        self._pool = PerProcess(self._none_yet)

    def send(self, outgoing: Outgoing) -> str | None:
        """Hand over one mail; return the server's queue id if it gave one.

        A kept connection that the server has closed is replaced once, as long as it was not yet given the mail.
        Raises GatewayError, TemporaryGatewayError, GatewayBusy.
        """
        mail = mime.render(outgoing, self._sender)
        deadline = Deadline(self._seconds)
        with self._place() as idle:
            kept = _newest(idle)
            if kept is not None:
                try:
                    return _deliver(kept, mail, deadline, idle, outgoing)
                except LostConnectionError:
                    pass  # ended in the moment between our look and our first word
            return _deliver(self._open(deadline), mail, deadline, idle, outgoing)

    def probe(self, seconds: float) -> str:
        """Open a session, with TLS and login as the settings say, and close it."""
        self._open(Deadline(seconds)).leave()
        settings = self._settings
        tls = "STARTTLS" if settings.use_tls else "TLS" if settings.use_ssl else "no TLS"
        return f"{settings.server}:{settings.port}, {tls}{', signed in' if settings.username else ''}"

    def close(self) -> None:
        """Close the idle connections."""
        idle = self._pool.get().idle
        while idle:
            idle.pop().leave()

    def _open(self, deadline: Deadline) -> Session:
        return Session(self._settings, self._context, deadline)

    def _none_yet(self) -> _Connections:
        return _Connections(threading.Semaphore(self._settings.connections or 1_000_000))

    @contextmanager
    def _place(self) -> Iterator[deque[Session]]:
        """Wait for a place in the pool; yield the idle connections."""
        connections = self._pool.get()
        if not connections.free.acquire(timeout=min(self._wait_seconds, self._seconds)):
            raise GatewayBusy("all connections to the mail server are in use")
        try:
            yield connections.idle
        finally:
            connections.free.release()


def create(options: Options) -> SmtpGateway:
    """Make the gateway described by one table of gateways.toml."""
    use_tls, use_ssl = options.flag("use_tls"), options.flag("use_ssl")
    settings = MailSettings(
        server=options.text("server"),
        port=options.integer("port", 465 if use_ssl else 587 if use_tls else 25, least=1, most=65_535),
        use_tls=use_tls,
        use_ssl=use_ssl,
        username=options.text("username", ""),
        password=options.text("password", ""),
        default_sender=options.text("sender"),
        bounce_address=options.text("bounce_address", options.bounce_address),
        reply_to=options.text("reply_to", options.reply_to),
        timeout=options.integer("timeout", 10, least=0, most=int(SEND_SECONDS)),
        smtputf8=options.flag("smtputf8"),
        connections=options.integer("connections", 8, least=0),
        ehlo_name=options.text("ehlo_name", options.ehlo_name),
        ca_file=options.text("ca_file", "") or None,
    )
    return SmtpGateway(settings, name=options.name, weight=options.weight)


def _deliver(
    session: Session, mail: mime.Mail, deadline: Deadline, idle: deque[Session], outgoing: Outgoing
) -> str | None:
    try:
        return session.deliver(mail, deadline, outgoing.ensure_valid)
    except GatewayError:
        raise  # the session has closed itself if the dialogue is out of sync
    except BaseException:
        session.close()
        raise
    finally:
        if session.usable:
            idle.append(session)


def _newest(idle: deque[Session]) -> Session | None:
    """Take the most recently used idle connection that is still alive."""
    while True:
        try:
            session = idle.pop()
        except IndexError:
            return None
        rested = time.monotonic() - session.used_at
        if rested < FRESH_SECONDS or (rested < IDLE_SECONDS and session.alive()):
            return session
        session.leave()


def _context(settings: MailSettings) -> ssl.SSLContext:
    if settings.use_tls or settings.use_ssl or settings.ca_file:
        return trust(settings.ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; trusts nothing, and takes no time to make


def _sender(settings: MailSettings) -> mail_headers.Sender:
    if settings.use_tls and settings.use_ssl:
        raise ConfigurationError("use_tls and use_ssl can't be used together")
    if not (settings.username + settings.password).isascii():
        raise ConfigurationError("username and password: only ASCII can be used to sign in to a mail server")
    bounce_address = settings.bounce_address and bounce_addresses.checked(settings.bounce_address)
    sender = mail_headers.configured_sender(settings.default_sender, settings.reply_to)
    return replace(sender, bounce_address=bounce_address)

"""The mailbox for bounces: can it be read?"""

from collections.abc import Iterator

from flask import current_app

from channels.bounces.mailbox import Mailbox, MailboxSettings
from domain.gateway_errors import GatewayError
from services.doctor.findings import Finding, fail, ok

SECONDS = 3.0


def check_bounces() -> Iterator[Finding]:
    """Sign in and open the folder; nothing where no mailbox is set."""
    settings = MailboxSettings.of(current_app.config)
    if not settings.server:
        return
    try:
        with Mailbox(settings, SECONDS) as mailbox:
            unread = len(mailbox.unread())
    except GatewayError as error:
        yield fail("bounces", f"{error.reason} (MAIL_BOUNCE_IMAP_*)")
        return
    yield ok("bounces", f"{settings.server}:{settings.port}, {settings.folder}, {unread} unread")

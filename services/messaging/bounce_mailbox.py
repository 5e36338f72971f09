"""Look through the mailbox that collects the mails that came back."""

import logging
import time

from flask import current_app

from channels.bounces.mailbox import Mailbox, MailboxSettings
from services.messaging import mail_reports

log = logging.getLogger(__name__)
MOST_MAILS = 1000
"""In one run; the next one takes the rest."""
RUN_SECONDS = 100.0
"""After which a run takes no further mail: the next one begins two minutes after it."""


def read() -> int:
    """Apply the unread mails and mark each as read after the commit; return how many were about mails of ours.

    A run that ends early leaves the rest unread, and a mail that is read twice changes nothing the second time. Raises
    TemporaryGatewayError where the mailbox can't be used.
    """
    settings = MailboxSettings.of(current_app.config)
    if not settings.server:
        return 0
    give_up_at = time.monotonic() + RUN_SECONDS
    ours = looked_at = 0
    with Mailbox(settings) as mailbox:
        for uid in mailbox.unread()[:MOST_MAILS]:
            ours += mail_reports.take_returned(mailbox.read(uid)) is not None
            mailbox.mark_read(uid)
            looked_at += 1
            if time.monotonic() >= give_up_at:
                break
    if looked_at:
        log.info("%s of %s mails in the mailbox for bounces were about mails of ours", ours, looked_at)
    return ours

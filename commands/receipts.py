"""`flask --app app receipts`: what mail servers report, from their own hands."""

import sys
from typing import BinaryIO

import click
from flask.cli import AppGroup

from services.messaging import mail_reports

receipts = AppGroup("receipts", help="Take in what mail servers report about mails that were sent.")
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h, which pipe transports of mail servers follow; Windows has no os.EX_TEMPFAIL."""
FIRST_BYTES = 1024 * 1024
"""More than a report has; what is in it comes first."""


@receipts.command("bounce")
@click.option("--to", multiple=True, metavar="ADDRESS", help="The address that the mail came to.")
@click.argument("mail", type=click.File("rb"), default="-")
def bounce(to: tuple[str, ...], mail: BinaryIO) -> None:
    """Take in one mail that came back, from standard input: a bounce, a delivery report or a complaint.

    Exits with 0, also if it is about no mail of ours, and with 75 if it could not be taken in now.
    """
    content = mail.read(FIRST_BYTES)
    while mail.read(FIRST_BYTES):
        pass  # the mail server would take a closed pipe for a failure
    try:
        message_id = mail_reports.take_returned(content, to)
    except Exception as error:  # noqa: BLE001 - no error of ours may lose the mail
        click.echo(f"not taken in, try again: {type(error).__name__}", err=True)
        sys.exit(TRY_AGAIN)
    click.echo(f"message {message_id}" if message_id else "nothing of ours", err=True)

"""Bounces of a real Postfix through its pipe, and from a mailbox of a real Dovecot."""

import imaplib
import subprocess
import time

import pytest

from devtools.live.process import COMMANDS, ROOT
from tests.channels.bounces.mails import delivery
from tests.live import mail_peers
from tests.live.installation import NO_LIMITS
from tests.live.processes import flask, wait_until

pytestmark = pytest.mark.slow
NOBODY = "nobody-of-that-name@users.test"
BOUNCES = "bounces@bounces.test"


class Pipe:
    """What Postfix runs for each mail to the bounce address."""

    def __init__(self):
        self.env = {}
        self.calls = []

    def __call__(self, recipient, content):
        done = subprocess.run(
            [COMMANDS / "flask", "--app", "app", "receipts", "bounce", "--to", recipient],
            cwd=ROOT,
            env=self.env,
            input=content,
            capture_output=True,
            check=False,
        )
        self.calls.append((recipient, done.returncode, done.stderr.decode()))
        return done.returncode


@pytest.fixture
def pipe():
    return Pipe()


def time_of(act):
    started = time.monotonic()
    act()
    return time.monotonic() - started


def messages_of(installation):
    return installation.query("SELECT status, error FROM message ORDER BY created_at")


def test_a_dsn_of_postfix_ends_the_message_and_bulk_mail_to_its_recipient(make, pipe, record_property):
    with mail_peers.postfix(pipe) as port:
        settings = {"MAIL_PORT": port, "MAIL_BOUNCE_ADDRESS": BOUNCES}
        installation = make(**NO_LIMITS, **settings)
        pipe.env = installation.env
        usual = time_of(lambda: pipe("nobody@bounces.test", b""))
        with installation.web(), installation.worker():
            api = installation.api()
            api.call("POST", "/messages", {"channel": "email", "to": NOBODY, "subject": "s", "text": "t"})
            wait_until(lambda: messages_of(installation)[0][0] != "queued")
            taken = time_of(lambda: wait_until(lambda: messages_of(installation)[0][0] == "undelivered", 60))
            record_property("undelivered_after_s", round(taken, 2))
            record_property("of_which_the_command_takes_s", round(usual, 2))
            assert messages_of(installation) == [("undelivered", "bounced: 5.1.1")]
            assert taken < max(5, 3 * usual)  # the second on a machine too busy to start a program
            wait_until(lambda: installation.query("SELECT reason FROM suppression") == [("bounce",)])

            bulk = {"channel": "email", "subject": "s", "text": "t", "recipients": [{"to": NOBODY}]}
            assert [one["code"] for one in api.call("POST", "/broadcasts", bulk).body["rejected"]] == [
                "suppressed"
            ]
            assert api.issue(NOBODY, "email").status == 202
            wait_until(lambda: len(pipe.calls) == 3, 60)
    assert [code for _, code, _ in pipe.calls] == [0, 0, 0]
    assert all(to.startswith("bounces+1") and NOBODY not in said for to, _, said in pipe.calls[1:])


def test_a_mailbox_of_dovecot_is_read_by_its_schedule(make):
    with mail_peers.dovecot() as port:
        mailbox = {"SERVER": "127.0.0.1", "PORT": port, "USE_SSL": False, "FOLDER": "INBOX"}
        login = {"USERNAME": mail_peers.USER, "PASSWORD": mail_peers.PASSWORD}
        installation = make(
            **NO_LIMITS,
            MAIL_BOUNCE_ADDRESS=BOUNCES,
            **{f"MAIL_BOUNCE_IMAP_{name}": value for name, value in {**mailbox, **login}.items()},
        )
        with installation.web(), installation.worker():
            installation.api().call(
                "POST", "/messages", {"channel": "email", "to": NOBODY, "subject": "s", "text": "t"}
            )
            (mail,) = installation.mail.wait_for(1)
            client = imaplib.IMAP4("127.0.0.1", port, timeout=10)
            client.login(mail_peers.USER, mail_peers.PASSWORD)
            for content in (delivery(to=mail.sender), b"Subject: hello\n\nhi\n"):
                client.append("INBOX", "", "", content.replace(b"\n", b"\r\n"))
            wait_until(lambda: messages_of(installation)[0][0] == "sent")
            assert "INBOX, 2 unread" in doctor(installation)
            flask(installation.env, "schedules", "run", "bounces")
            wait_until(lambda: messages_of(installation) == [("undelivered", "bounced: 5.1.1")], 60)
            wait_until(lambda: "INBOX, 0 unread" in doctor(installation), 60)
            client.logout()


def doctor(installation):
    done = subprocess.run(
        [COMMANDS / "flask", "--app", "app", "doctor"],
        cwd=ROOT,
        env=installation.env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout

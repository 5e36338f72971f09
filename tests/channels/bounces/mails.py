"""Mails as servers return them: parts of real ones, with the addresses and ids of a test."""

ID = "0123456789abcdef" * 2
TO = "nobody@example.net"


def delivery(
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <nobody@example.net>: Recipient address rejected",
    *,
    to: str = "bounces@example.com",
    message_id: str = ID,
    returned: str = "message/rfc822",
    kind: str = "message/delivery-status",
) -> bytes:
    """Return a delivery status notification as Postfix writes it."""
    return f"""Return-Path: <>
Date: Mon, 30 Nov 2026 09:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="A1B2.1764493200/mx.example.net"
Message-Id: <20261130090000.A1B2@mx.example.net>

This is a MIME-encapsulated message.

--A1B2.1764493200/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net. Your code was 918273.

--A1B2.1764493200/mx.example.net
Content-Description: Delivery report
Content-Type: {kind}

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: A1B2
Arrival-Date: Mon, 30 Nov 2026 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; {TO}
Original-Recipient: rfc822;{TO}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: {diagnostic}

--A1B2.1764493200/mx.example.net
Content-Description: Undelivered Message
Content-Type: {returned}

Return-Path: <{to}>
From: Shop <no-reply@example.com>
To: {TO}
Subject: Your code
Message-ID: <{message_id}@example.com>

Your code is 918273.

--A1B2.1764493200/mx.example.net--
""".encode()


def complaint(kind: str = "abuse", *, mail_from: str = "", message_id: str = ID) -> bytes:
    """Return a complaint in the abuse reporting format, as the providers' feedback loops write it."""
    return f"""From: <feedback@mailbox.example.net>
To: <abuse@example.com>
Subject: FW: News
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

--part1
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--part1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
{f"Original-Mail-From: <{mail_from}>" if mail_from else "Source-IP: 192.0.2.1"}
Arrival-Date: Mon, 30 Nov 2026 09:00:00 +0000

--part1
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: quoted-printable

From: Shop <no-reply@example.com>
To: redacted@example.net
Subject: News
Message-ID: <{message_id}@example.com>

--part1--
""".encode()


def vacation(to: str) -> bytes:
    """Return what somebody's mailbox answers by itself during their holidays (RFC 3834)."""
    return f"""From: {TO}
To: <{to}>
Subject: Out of office
Auto-Submitted: auto-replied
In-Reply-To: <{ID}@example.com>
Content-Type: text/plain

I am away. Status: 5.1.1
""".encode()

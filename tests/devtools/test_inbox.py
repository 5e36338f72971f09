"""The development inbox, over real SMTP and HTTP."""

import asyncio
import http.client
import json
import logging
import smtplib
import threading
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from devtools.inbox.http import HOST, HttpDoor
from devtools.inbox.smtp import smtp_server
from devtools.inbox.store import Inbox

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Doors:
    """An inbox with both servers running, and a client for them."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.http = HttpDoor(0, self.inbox)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        opening = self.loop.create_server(lambda: smtp_server(self.inbox), HOST, 0)
        self.smtp = asyncio.run_coroutine_threadsafe(opening, self.loop).result(10)
        self.smtp_port = self.smtp.sockets[0].getsockname()[1]

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.loop.call_soon_threadsafe(self.smtp.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def call(self, method: str, path: str, body: object = None, **headers: str):
        connection = http.client.HTTPConnection(HOST, self.http.server_port, timeout=10)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, content, names)
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer

    def messages(self, after: int = 0) -> list[dict]:
        return json.loads(self.call("GET", f"/messages.json?after={after}").content)

    def mail(self, mail: EmailMessage, *to: str, options: tuple[str, ...] = ()) -> None:
        with smtplib.SMTP(HOST, self.smtp_port, timeout=10) as client:
            client.ehlo()
            client.sendmail("no-reply@example.com", to, mail.as_bytes(), mail_options=options)


@pytest.fixture(scope="module")
def open_doors():
    doors = Doors()
    yield doors
    doors.close()


@pytest.fixture
def doors(open_doors):
    open_doors.inbox.clear()
    return open_doors


def code_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Sendcode <no-reply@example.com>"
    mail["Subject"] = "您的验证码"
    mail["Message-ID"] = "<v1@example.com>"
    mail.set_content("您的验证码是 482913。\n请勿告诉他人。")
    mail.add_alternative("<p>您的验证码是 <b>482913</b>。</p>", subtype="html")
    return mail


def test_an_sms_is_answered_with_an_id_and_shown(doors):
    sms = {
        "to": "+8613800138000",
        "text": "739201 is your code.",
        "reference": "m1",
        "template": "code",
        "params": {},
    }
    answer = doors.call("POST", "/sms", sms, Idempotency_Key="m1")
    assert answer.status == 200
    assert json.loads(answer.content)["id"]
    (shown,) = doors.messages()
    assert shown["channel"] == "sms"
    assert (shown["to"], shown["text"], shown["reference"]) == (
        "+8613800138000",
        "739201 is your code.",
        "m1",
    )
    assert (shown["copies"], shown["html_present"]) == (1, False)
    assert datetime.fromisoformat(shown["received_at"]).tzinfo


def test_a_repeated_sms_is_shown_once_with_a_count_and_gets_the_same_id(doors):
    sms = {"to": "+8613800138000", "text": "739201 is your code."}
    answers = [doors.call("POST", "/sms", sms, Idempotency_Key=key) for key in ("a", "b", "a", "a")]
    ids = [json.loads(answer.content)["id"] for answer in answers]
    assert ids[0] == ids[2] == ids[3] != ids[1]
    assert [message["copies"] for message in doors.messages()] == [3, 1]


@pytest.mark.parametrize(
    "body", [b"no json", [], {}, {"to": "+86"}, {"to": "", "text": "x"}, {"to": 1, "text": "x"}]
)
def test_a_broken_sms_is_refused(doors, body):
    assert doors.call("POST", "/sms", body).status == 422
    assert doors.messages() == []


def test_a_too_large_body_is_refused(doors):
    assert doors.call("POST", "/sms", {"to": "+86", "text": "x" * 300_000}).status == 413


def test_a_mail_is_decoded(doors):
    doors.mail(code_mail(), "kim@example.com")
    (shown,) = doors.messages()
    assert (shown["channel"], shown["to"]) == ("email", "kim@example.com")
    assert shown["subject"] == "您的验证码"
    assert shown["text"] == "您的验证码是 482913。\n请勿告诉他人。"
    assert shown["html_present"] is True
    assert shown["reference"] == "v1@example.com"


def test_any_recipient_is_accepted_each_on_its_own(doors):
    doors.mail(code_mail(), "ä@bücher.example", "a@xn--bcher-kva.example", options=("SMTPUTF8",))
    assert [message["to"] for message in doors.messages()] == ["ä@bücher.example", "a@xn--bcher-kva.example"]


def test_a_mail_sent_again_is_counted_as_a_copy(doors):
    for _ in range(2):
        doors.mail(code_mail(), "kim@example.com")
    doors.mail(code_mail(), "lee@example.com")
    assert [(message["to"], message["copies"]) for message in doors.messages()] == [
        ("kim@example.com", 2),
        ("lee@example.com", 1),
    ]


def test_a_mail_with_html_alone_is_shown_as_its_words(doors):
    mail = EmailMessage()
    mail["Subject"] = "Hi"
    mail.set_content("<style>p {}</style><h1>Hello</h1><p>Code <b>001234</b></p>", subtype="html")
    doors.mail(mail, "kim@example.com")
    assert doors.messages()[0]["text"] == "Hello\nCode 001234"


def test_a_mail_in_an_unknown_charset_is_still_shown(doors):
    with smtplib.SMTP(HOST, doors.smtp_port, timeout=10) as client:
        head = b"Subject: =?x-unknown?q?a?=\r\nContent-Type: text/plain; charset=x-unknown\r\n"
        raw = head + b"\r\ncode 123456\r\n"
        client.sendmail("a@example.com", ["kim@example.com"], raw)
    assert doors.messages()[0]["text"] == "code 123456"


def test_only_what_came_after_a_number_is_listed(doors):
    for name in ("a", "b", "c"):
        doors.call("POST", "/sms", {"to": "+86", "text": name})
    first, second, third = doors.messages()
    assert first["n"] < second["n"] < third["n"]
    assert doors.messages(after=first["n"]) == [second, third]
    assert doors.call("GET", "/messages.json?after=x").status == 422


def test_an_unchanged_list_is_not_sent_again(doors):
    tag = doors.call("GET", "/messages.json").headers["ETag"]
    assert doors.call("GET", "/messages.json", If_None_Match=tag).status == 304
    doors.call("POST", "/sms", {"to": "+86", "text": "a"})
    assert doors.call("GET", "/messages.json", If_None_Match=tag).status == 200


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/messages"), ("POST", "/clear")])
def test_it_can_be_emptied(doors, method, path):
    doors.call("POST", "/sms", {"to": "+86", "text": "a"}, Idempotency_Key="k")
    assert doors.call(method, path).status == 200
    assert doors.messages() == []
    doors.call("POST", "/sms", {"to": "+86", "text": "a"}, Idempotency_Key="k")
    assert doors.messages()[0]["copies"] == 1


def test_the_page_and_its_files_allow_no_foreign_content(doors):
    for path in ("/", "/inbox.css", "/inbox.js", "/icon.svg"):
        answer = doors.call("GET", path)
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert b"style=" not in answer.content
    page = doors.call("GET", "/").content.decode()
    assert "<script src=" in page
    assert "<style" not in page


def test_a_mail_is_shown_as_html_and_as_it_came(doors):
    doors.mail(code_mail(), "kim@example.com")
    (shown,) = doors.messages()
    assert not {"html", "source"} & shown.keys()
    html = doors.call("GET", f"/messages/{shown['id']}/html")
    assert "<b>482913</b>" in html.content.decode()
    assert html.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = html.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "; sandbox;" in policy
    assert "script" not in policy
    source = doors.call("GET", f"/messages/{shown['id']}/source")
    assert source.headers["Content-Type"].startswith("text/plain")
    assert "Message-ID: <v1@example.com>" in source.content.decode()


def test_the_html_of_a_mail_that_is_gone_is_not_found(doors):
    doors.mail(code_mail(), "kim@example.com")
    (shown,) = doors.messages()
    doors.call("DELETE", "/messages")
    assert doors.call("GET", f"/messages/{shown['id']}/html").status == 404


def test_a_message_leads_to_its_page_in_the_console(doors):
    mail, number = code_mail(), "0123456789abcdef0123456789abcdef"
    del mail["Message-ID"]
    mail["Message-ID"] = f"<{number}@example.com>"
    doors.http.console = "http://127.0.0.1:5000"
    doors.mail(mail, "kim@example.com")
    doors.call("POST", "/sms", {"to": "+8613800138000", "text": "739201", "reference": number})
    doors.call("POST", "/sms", {"to": "+8613800138000", "text": "739201", "reference": "another's"})
    page = f"http://127.0.0.1:5000/cms/messages/{number}"
    assert [message["console"] for message in doors.messages()] == [page, page, ""]
    doors.http.console = ""
    assert {message["console"] for message in doors.messages()} == {""}


def test_other_sites_can_neither_read_nor_write(doors):
    assert doors.call("GET", "/messages.json", Host="attacker.example").status == 403
    assert doors.call("POST", "/clear", Sec_Fetch_Site="cross-site").status == 403
    assert doors.call("GET", "/messages.json", Host="localhost:8025").status == 200


def test_unknown_paths_are_not_found(doors):
    for method, path in (("GET", "/x"), ("POST", "/x"), ("DELETE", "/x"), ("GET", "/../store.py")):
        assert doors.call(method, path).status == 404
    assert doors.call("GET", "/healthz").status == 200


def test_no_text_and_no_code_is_logged(doors, caplog):
    caplog.set_level(logging.DEBUG, logger="devtools.inbox")
    doors.mail(code_mail(), "kim@example.com")
    doors.call("POST", "/sms", {"to": "+8613800138000", "text": "739201"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("devtools")]
    assert len(ours) == 2
    assert not any(word in line for line in ours for word in ("482913", "739201", "kim", "13800138000"))


def test_the_oldest_is_forgotten_with_its_key():
    inbox = Inbox(keep=2)
    for name in ("a", "b", "c"):
        inbox.add(channel="sms", to="+86", text=name, key=name, now=NOW)
    assert [arrived.text for arrived in inbox.after()] == ["b", "c"]
    assert inbox.add(channel="sms", to="+86", text="b", key="b", now=NOW).copies == 2
    assert inbox.add(channel="sms", to="+86", text="a", key="a", now=NOW).copies == 1
    assert [arrived.text for arrived in inbox.after()] == ["c", "a"]

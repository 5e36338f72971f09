"""A scriptable SMTP server that keeps the mails it accepts.

    with SmtpServer() as server:
        server.script("RCPT", "451 4.3.0 try later")           # the next RCPT only
        server.script(".", Answer("250 ok", drop=True))        # accept one mail, then drop the connection
        server.always("RCPT", "550 5.1.1 no such user")        # every RCPT without a script of its own
        ...
        mail = server.wait_for(1)[0]
        assert "123456" in mail.text

Steps that can be scripted: `CONNECT` (the greeting), each command's verb, `DATA` (before the content) and
`.` (after it).
"""

import asyncio
import base64
import email
import email.policy
import ssl
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import cast

from tests.servers.thread import ServerThread, silence, wait_until, write


@dataclass(frozen=True)
class Answer:
    """How to answer one step. No `text` means silence, or just closing the connection with `drop`."""

    text: str | None = None
    delay: float = 0
    drip: float = 0
    """Seconds between two bytes of the answer."""
    drop: bool = False
    """Close the connection after the answer."""
    deaf: bool = False
    """Read and say nothing more after the answer."""


SILENCE = Answer()
DROP = Answer(drop=True)


@dataclass(frozen=True)
class Mail:
    """One accepted mail: its envelope, its content and when the last dot came (`time.monotonic()`)."""

    sender: str
    recipient: str
    content: bytes
    at: float
    connection: int

    @property
    def message(self) -> EmailMessage:
        """The parsed mail."""
        parsed = email.message_from_bytes(self.content, policy=email.policy.default)
        return cast(EmailMessage, parsed)

    @property
    def text(self) -> str:
        """The plain text part, decoded, with "\n" as line end."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


@dataclass
class _Dialogue:
    """What the server remembers of one connection."""

    number: int
    secure: bool = False
    signed_in: bool = False
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)


class SmtpServer(ServerThread):
    """See the module. `delay`: seconds before a mail is accepted; may be changed while it runs."""

    def __init__(
        self,
        *,
        port: int | None = None,
        delay: float = 0,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10000000"),
    ):
        super().__init__(port=port, tls=tls)
        self.delay = delay
        self.mails: list[Mail] = []
        self.commands: list[tuple[int, str]] = []
        """Every command line with the number of its connection, counted from 1."""
        self._starttls = starttls
        self._login = login
        self._extensions = extensions
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._always: dict[str, Answer] = {}

    def script(self, step: str, *answers: str | Answer) -> None:
        """Answer the next `step`s, on any connection, with these, then as usual again."""
        self._scripts[step.upper()].extend(_answer(answer) for answer in answers)

    def always(self, step: str, answer: str | Answer | None) -> None:
        """Give this answer to every `step` without a script of its own; None ends it."""
        if answer is None:
            self._always.pop(step.upper(), None)
        else:
            self._always[step.upper()] = _answer(answer)

    def wait_for(self, count: int, seconds: float = 90) -> list[Mail]:
        """Wait for at least `count` mails; fail the test after `seconds`."""
        wait_until(lambda: len(self.mails) >= count, seconds)
        return list(self.mails)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line."""
        dialogue = _Dialogue(self.connections, secure=self._tls is not None)
        await self._say(writer, "CONNECT", "220 test.example ESMTP")
        while line := await reader.readline():
            command = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb, _, rest = command.partition(" ")
            self.commands.append((dialogue.number, command))
            step = getattr(self, f"_on_{verb.lower()}", self._on_unknown)
            await step(dialogue, rest, reader, writer)

    async def _say(self, writer: asyncio.StreamWriter, step: str, usual: str) -> bool:
        """Send the scripted or the usual answer; return whether it was a positive one."""
        script = self._scripts[step]
        answer = script.popleft() if script else self._always.get(step, Answer(usual))
        await asyncio.sleep(answer.delay)
        if answer.text is not None:
            await write(writer, answer.text.encode() + b"\r\n", drip=answer.drip)
        if answer.drop:
            raise EOFError
        if answer.text is None or answer.deaf:
            await silence()
        return answer.text is not None and answer.text[:1] in "23"

    async def _on_ehlo(
        self, dialogue: _Dialogue, _: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = ["test.example", *self._extensions]
        if self._starttls and not dialogue.secure:
            lines.append("STARTTLS")
        if self._login:
            lines.append("AUTH PLAIN LOGIN")
        usual = "\r\n".join(f"250-{line}" for line in lines[:-1]) + f"\r\n250 {lines[-1]}"
        await self._say(writer, "EHLO", usual)

    async def _on_helo(
        self, _: _Dialogue, __: str, ___: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._say(writer, "HELO", "250 test.example")

    async def _on_starttls(
        self, dialogue: _Dialogue, _: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if await self._say(writer, "STARTTLS", "220 go ahead" if self._starttls else "502 no TLS here"):
            assert self._starttls
            await writer.start_tls(self._starttls)
            dialogue.secure = True

    async def _on_auth(
        self, dialogue: _Dialogue, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        mechanism, _, first = rest.partition(" ")
        if mechanism == "LOGIN":
            writer.write(b"" if first else b"334 VXNlcm5hbWU6\r\n")
            user = first.encode() or await reader.readline()
            writer.write(b"334 UGFzc3dvcmQ6\r\n")
            given = (base64.b64decode(user).decode(), base64.b64decode(await reader.readline()).decode())
        else:
            if not first:
                writer.write(b"334 \r\n")
            raw = first.encode() or await reader.readline()
            _, name, password = base64.b64decode(raw).decode().split("\0")
            given = (name, password)
        good = given == self._login
        usual = "235 2.7.0 welcome" if good else "535 5.7.8 bad credentials"
        dialogue.signed_in = await self._say(writer, "AUTH", usual)

    async def _on_mail(
        self, dialogue: _Dialogue, rest: str, _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        usual = "250 2.1.0 ok"
        if self._login and not dialogue.signed_in:
            usual = "530 5.7.0 authentication required"
        elif dialogue.sender is not None:
            usual = "503 5.5.1 nested MAIL"
        if await self._say(writer, "MAIL", usual):
            dialogue.sender, dialogue.recipients = _address(rest), []

    async def _on_rcpt(
        self, dialogue: _Dialogue, rest: str, _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        usual = "250 2.1.5 ok" if dialogue.sender is not None else "503 5.5.1 need MAIL"
        if await self._say(writer, "RCPT", usual):
            dialogue.recipients.append(_address(rest))

    async def _on_data(
        self, dialogue: _Dialogue, _: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        usual = "354 end with a dot" if dialogue.recipients else "503 5.5.1 need RCPT"
        if not await self._say(writer, "DATA", usual):
            return
        content = b""
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return
            content += line[1:] if line.startswith(b".") else line
        mails = [
            Mail(dialogue.sender or "", recipient, content, time.monotonic(), dialogue.number)
            for recipient in dialogue.recipients
        ]
        dialogue.sender = None
        await asyncio.sleep(self.delay)
        await self._finish(writer, mails)

    async def _finish(self, writer: asyncio.StreamWriter, mails: list[Mail]) -> None:
        """If the answer to the dot is positive, store the mails, before sending the answer."""
        script = self._scripts["."]
        answer = script[0] if script else self._always.get(".", Answer("250"))
        if answer.text is not None and answer.text.startswith("2"):
            self.mails.extend(mails)
        await self._say(writer, ".", f"250 2.0.0 Ok: queued as Q{len(self.mails)}")

    async def _on_rset(
        self, dialogue: _Dialogue, _: str, __: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        dialogue.sender, dialogue.recipients = None, []
        await self._say(writer, "RSET", "250 2.0.0 ok")

    async def _on_noop(
        self, _: _Dialogue, __: str, ___: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._say(writer, "NOOP", "250 2.0.0 ok")

    async def _on_quit(
        self, _: _Dialogue, __: str, ___: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._say(writer, "QUIT", "221 2.0.0 bye")
        raise EOFError

    async def _on_unknown(
        self, _: _Dialogue, __: str, ___: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._say(writer, "UNKNOWN", "500 5.5.2 what?")


def _answer(answer: str | Answer) -> Answer:
    return Answer(answer) if isinstance(answer, str) else answer


def _address(rest: str) -> str:
    return rest[rest.index("<") + 1 : rest.index(">")]

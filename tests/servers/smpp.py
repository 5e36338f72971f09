"""An SMSC that speaks SMPP 3.4, for gateways that are programs of their own.

    with SmscServer() as smsc:
        ...                                    # a program binds as a transceiver and submits
        message = smsc.wait_for(1)[0]          # long texts are joined
        smsc.report(message, "DELIVRD")        # the phone has it

Numbers that end in `REFUSED` are refused at once, with ESME_RINVDSTADR.
"""

import asyncio
import itertools
import struct
from dataclasses import dataclass, field

from domain.gsm import BASIC
from tests.servers.thread import ServerThread, wait_until

SUBMIT, DELIVER, BIND_TRANSCEIVER = 0x04, 0x05, 0x09
RESPONSE = 0x8000_0000
INVALID_ADDRESS = 0x0B
REFUSED = "0000"
GSM, UCS2 = 0x00, 0x08
HAS_HEADER = 0x40
IS_RECEIPT = 0x04
ESCAPE = "\x1b"
LETTERS = f"{BASIC[:0x1B]}{ESCAPE}{BASIC[0x1B:]}"
"""By their number: the alphabet without its escape is one shorter (3GPP TS 23.038, 6.2.1)."""
EXTENSION = dict(zip("\nΛ()/<=>¡e", "\f^{}\\[~]|€", strict=True))
"""What each letter is after an escape."""
RECEIPTED_MESSAGE_ID, MESSAGE_STATE = 0x001E, 0x0427
STATES = {"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}
"""The states that are final (SMPP 3.4, 5.2.28)."""


@dataclass
class Arrived:
    """One text that arrived: `to` as it was written, `ids` of those parts whose delivery is to be reported."""

    to: str
    coding: int
    total: int
    parts: dict[int, bytes] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, joined before it is decoded: a part may end in the middle of a character."""
        data = b"".join(self.parts[number] for number in sorted(self.parts))
        return {GSM: gsm_text, UCS2: _unicode_text}[self.coding](data)


class SmscServer(ServerThread):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[tuple[str, int], Arrived] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None

    @property
    def messages(self) -> list[Arrived]:
        """The texts of which all parts are there."""
        return [text for text in list(self._texts.values()) if len(text.parts) == text.total]

    def wait_for(self, count: int, seconds: float = 10) -> list[Arrived]:
        """Wait for at least `count` texts; fail the test after `seconds`."""
        wait_until(lambda: len(self.messages) >= count, seconds)
        return self.messages

    def report(self, message: Arrived, word: str) -> None:
        """Report one of `STATES` for every part of a text whose delivery is to be reported."""
        for part in message.ids:
            body = _receipt(message.to, part, word)
            self._loop.call_soon_threadsafe(self._say, DELIVER, 0, next(self._numbers), body)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request by request; an answer to one of ours needs none."""
        while True:
            length, command, _, sequence = struct.unpack(">4I", await reader.readexactly(16))
            body = await reader.readexactly(length - 16)
            if command == BIND_TRANSCEIVER:
                self._writer = writer
            if command & RESPONSE == 0:
                status, answer = self._submitted(body) if command == SUBMIT else (0, b"smsc\0")
                has_body = command in (SUBMIT, BIND_TRANSCEIVER) and status == 0
                writer.write(_pdu(command | RESPONSE, status, sequence, answer if has_body else b""))

    def _say(self, command: int, status: int, sequence: int, body: bytes) -> None:
        assert self._writer
        self._writer.write(_pdu(command, status, sequence, body))

    def _submitted(self, body: bytes) -> tuple[int, bytes]:
        """Keep one part and return the status and the body of the answer."""
        _, rest = body.split(b"\0", 1)
        _, rest = rest[2:].split(b"\0", 1)
        to, rest = rest[2:].split(b"\0", 1)
        esm_class, rest = rest[0], rest[3:]
        _, _, rest = rest.split(b"\0", 2)
        wants_report, coding, length = rest[0], rest[2], rest[4]
        data = rest[5 : 5 + length]
        if to.decode().endswith(REFUSED):
            return INVALID_ADDRESS, b""
        own = f"{next(self._numbers):08x}"
        header, data = _split(data) if esm_class & HAS_HEADER else (b"", data)
        group, total, number = header[-3:] if header else (-next(self._numbers), 1, 1)
        text = self._texts.setdefault((to.decode(), group), Arrived(to.decode(), coding, total))
        text.ids += [own] if wants_report & 1 else []
        text.parts[number] = data
        return 0, own.encode() + b"\0"


def gsm_text(data: bytes) -> str:
    """Decode the GSM alphabet, an octet a letter. Raises KeyError, IndexError for what is not in it."""
    letters = (LETTERS[octet] for octet in data)
    return "".join(EXTENSION[next(letters)] if letter == ESCAPE else letter for letter in letters)


def _unicode_text(data: bytes) -> str:
    return data.decode("utf-16-be")


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Return the header for a long text (3GPP TS 23.040, 9.2.3.24.1), and the text."""
    length = 1 + data[0]
    assert data[:3] == b"\x05\x00\x03", data[:length].hex()
    return data[:length], data[length:]


def _receipt(sender: str, part: str, word: str) -> bytes:
    """Return a `deliver_sm` with a receipt as most SMSCs write it (SMPP 3.4, appendix B)."""
    text = f"id:{part} sub:001 dlvrd:001 submit date:2611300900 done date:2611300901 stat:{word} err:000 "
    text += "text:Code 493817"
    address = b"\x01\x01" + sender.encode() + b"\0"
    fields = bytes([IS_RECEIPT, 0, 0]) + b"\0\0" + bytes([0, 0, GSM, 0, len(text)])
    own = part.encode() + b"\0"
    tags = struct.pack(">HH", RECEIPTED_MESSAGE_ID, len(own)) + own
    tags += struct.pack(">HHB", MESSAGE_STATE, 1, STATES[word])
    return b"\0" + address + b"\0\0" + b"Example\0" + fields + text.encode() + tags


def _pdu(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return struct.pack(">4I", 16 + len(body), command, status, sequence) + body

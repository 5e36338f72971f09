"""An IMAP server with one folder, as much of it as our mailbox needs.

    with ImapServer(b"Subject: first\n\n", b"Subject: second\n\n") as server:
        ...
        assert server.seen == {1, 2}

`refuses` is the command that it answers with NO; `silent_at` the one that it leaves unanswered.
"""

import asyncio
import ssl

from tests.servers.thread import ServerThread, silence, write

USER, PASSWORD = "bounces", 'se"cret'


class ImapServer(ServerThread):
    """See the module. Mails are numbered from 1."""

    def __init__(
        self, *mails: bytes, refuses: str = "", silent_at: str = "", tls: ssl.SSLContext | None = None
    ):
        super().__init__(tls=tls)
        self.mails = dict(enumerate(mails, 1))
        self.seen: set[int] = set()
        self.commands: list[str] = []
        self._refuses, self._silent_at = refuses, silent_at

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer command by command."""
        await write(writer, b"* OK IMAP4rev1 ready\r\n")
        while line := await reader.readline():
            tag, command, rest = (line.decode().rstrip("\r\n") + "  ").split(" ", 2)
            if command == "UID":
                command, _, rest = rest.partition(" ")
            self.commands.append(command)
            if command == self._silent_at:
                await silence()
            refused = command == self._refuses or (command == "LOGIN" and not self._knows(rest))
            if not refused:
                await write(writer, self._data(command, rest.strip()))
            await write(writer, f"{tag} {'NO' if refused else 'OK'} {USER}: done\r\n".encode())

    def _knows(self, given: str) -> bool:
        return given.strip() == f'"{USER}" "{PASSWORD}"'.replace('se"cret', 'se\\"cret')

    def _data(self, command: str, rest: str) -> bytes:
        match command:
            case "CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case "SELECT":
                return b"* %d EXISTS\r\n" % len(self.mails)
            case "SEARCH":
                unread = [str(number) for number in self.mails if number not in self.seen]
                return f"* SEARCH {' '.join(unread)}\r\n".encode()
            case "FETCH":
                number = int(rest.split()[0])
                mail = self.mails[number]
                return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, number, len(mail), mail)
            case "STORE":
                self.seen.add(int(rest.split()[0]))
            case "LOGOUT":
                return b"* BYE\r\n"
        return b""

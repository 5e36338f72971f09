"""The settings of a mail gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from channels.email import ehlo_names


@dataclass(frozen=True)
class MailSettings:
    """A mail server and how to talk to it: the `MAIL_*` settings, or a gateway of type `smtp`."""

    server: str
    port: int = 25
    use_tls: bool = False
    """STARTTLS; a server that does not offer it gets no mail."""
    use_ssl: bool = False
    """TLS from the first byte."""
    username: str = ""
    password: str = field(default="", repr=False)
    default_sender: str = ""
    """`a@x.org` or `Some Name <a@x.org>`."""
    bounce_address: str = ""
    """Where bounces come to, each with a token of its message in it; empty: they go to the sender."""
    reply_to: str = ""
    """Where answers of people go, written like `default_sender`; empty: to the sender."""
    timeout: float = 10.0
    """Seconds to wait for one answer; 0 leaves only the limit of the whole send."""
    smtputf8: bool = False
    """The server takes addresses that are not ASCII before the @ (RFC 6531); each session must still offer it."""
    connections: int = 8
    """Most connections that one process opens at once; 0 = no limit."""
    ehlo_name: str = ""
    """How we introduce ourselves in EHLO; empty: the sender's domain, or this machine's name."""
    ca_file: str | None = None
    """Certificates of private authorities, trusted in addition to the system's."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read the `MAIL_*` settings, named as in Flask-Mail; a missing one keeps its default from above.

        We introduce ourselves as the host of PUBLIC_URL where nothing else is set: its name leads to us.
        """
        given = {name: config.get(f"MAIL_{name.upper()}") for name in cls.__dataclass_fields__}
        given["ehlo_name"] = given["ehlo_name"] or ehlo_names.public_host(config.get("PUBLIC_URL", ""))
        return cls(**{"server": ""} | {name: value for name, value in given.items() if value is not None})

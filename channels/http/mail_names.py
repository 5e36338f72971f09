"""The placeholders that only mails have."""

import re
from base64 import b64encode

from channels.email import mime
from channels.email.mail_headers import Sender
from channels.placeholders.filling import Filling, Value

SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')


def mail_values(sender: Sender) -> dict[str, Value]:
    """Return the placeholders of a mail from this sender; docs/http-gateways.md explains them."""

    def named(filling: Filling) -> Sender:
        return sender.named(filling.outgoing.sender) if filling.outgoing.sender else sender

    def written(filling: Filling) -> str:
        one = named(filling)
        return _mailbox(one.name, one.address)

    def mime_base64(filling: Filling) -> str:
        return b64encode(mime.render(filling.outgoing, sender).content).decode()

    return {
        "from": written,
        "from.name": lambda filling: named(filling).name,
        "from.address": lambda _: sender.address,
        "reply_to": lambda _: _mailbox(*sender.answers_to),
        "reply_to.name": lambda _: sender.answers_to[0],
        "reply_to.address": lambda _: sender.answers_to[1],
        "header.Message-ID": lambda filling: f"<{filling.outgoing.id}@{sender.domain}>",
        "header.List-Unsubscribe": _unsubscribe,
        "header.List-Unsubscribe-Post": lambda filling: (
            "List-Unsubscribe=One-Click" if filling.outgoing.unsubscribe_url else ""
        ),
        "header.List-Id": lambda filling: mime.list_id(sender.domain) if filling.outgoing.is_bulk else "",
        "mime.base64": mime_base64,
    }


def _mailbox(name: str, address: str) -> str:
    return f"{_phrase(name)} <{address}>" if name else address


def _phrase(name: str) -> str:
    """Return a display name, quoted where a character of it has a meaning of its own (RFC 5322, 3.2.3)."""
    return '"' + re.sub(r'[\\"]', r"\\\g<0>", name) + '"' if SPECIAL.search(name) else name


def _unsubscribe(filling: Filling) -> str:
    url = filling.outgoing.unsubscribe_url
    return f"<{url}>" if url else ""

"""The row of a new broadcast, with the texts that all its recipients get."""

import json
from datetime import datetime
from typing import Any

from domain.keyring import Keyring
from domain.owners import Owner
from services.messaging.notices import Span
from services.outbox.contents import Content
from services.process.parts import part


def row(broadcast_id: str, content: Content, span: Span, owner: Owner, now: datetime) -> dict[str, Any]:
    """Return the row without its numbers of recipients."""
    texts = json.dumps(content.texts, ensure_ascii=False).encode()
    return {
        "id": broadcast_id,
        "owner": owner.id,
        "channel": content.channel.value,
        "template": content.template,
        "sealed": None if content.template else part(Keyring).seal(texts, row=broadcast_id),
        "is_test": owner.is_test,
        "starts_at": span.starts_at,
        "deadline_at": span.deadline_at,
        "created_at": now,
    }

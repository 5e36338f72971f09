"""`python -m bench.fill COUNT PRIORITY CHANNEL`: put due messages into this environment's database."""

import sys
from datetime import UTC, datetime, timedelta

from app import create_app
from domain import destinations
from domain.keyring import Keyring
from domain.statuses import Channel, Priority
from exts import db
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.templating.given import code_params
from tests.live.installation import phone

BLOCK = 5000
TEXTS = {"subject": "Hello", "text": "Hello"}


def main(count: int, priority: Priority, channel: Channel) -> None:
    """Fill the outbox of this environment with codes or notices."""
    app = create_app(doors=())
    with app.app_context():
        for first in range(0, count, BLOCK):
            now = datetime.now(UTC)
            block = [_message(n, priority, channel, now) for n in range(first, min(count, first + BLOCK))]
            outbox.put(db.session(), part(Keyring), block, now)
            db.session.commit()


def _message(number: int, priority: Priority, channel: Channel, now: datetime) -> NewMessage:
    is_code = priority is Priority.CODE
    to = phone(number) if channel is Channel.SMS else f"reader{number}@example.com"
    settings = {"SERVICE_NAME": "Sendcode"}
    return NewMessage(
        owner="key:bench",
        destination=destinations.parse(channel, to, region="CN"),
        template="code" if is_code else None,
        locale="en",
        params=code_params("123456", timedelta(minutes=5), settings["SERVICE_NAME"])
        if is_code
        else {"text": "Hello", "subject": "Hello"},
        priority=priority,
        deadline_at=now + timedelta(hours=1),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Priority[sys.argv[2]], Channel[sys.argv[3]])

"""What a provider tells of a send before its answer, in either table: kept until a message has the reference."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, FromClause, Select, Table, and_, func, insert, select

from channels.receipts import Receipt
from domain.characters import one_line
from models import Message
from services.gateways.report_notes import REASON_LENGTH
from services.storage.exact import exactly
from services.storage.transactions import statements

KEPT = timedelta(minutes=5)
"""A send ends after 15 s; the rest is for a database that is away meanwhile."""
MOST = 1000
"""Of one gateway: a provider's account may be shared with programs whose messages we never have."""
BLOCK = 500


def put(table: Table, gateway: str, receipt: Receipt, now: datetime, **told: Any) -> bool:
    """Put in a row with what is `told`; return whether there is room. Raises IntegrityError where it is there."""
    values = {
        "gateway": gateway,
        "gateway_reference": receipt.gateway_reference,
        "reason": one_line(receipt.reason, REASON_LENGTH) if receipt.reason else None,
        "received_at": now,
        **told,
    }

    def work(connection: Connection) -> bool:
        of_gateway = select(func.count()).select_from(table).where(table.c.gateway == gateway)
        if (connection.scalar(of_gateway) or 0) >= MOST:
            return False
        connection.execute(insert(table).values(**values))
        return True

    return statements(work)


def is_empty(connection: Connection, table: FromClause) -> bool:
    """Tell whether nothing waits, which is nearly always so: that must not take the write lock."""
    return connection.execute(select(table.c.gateway).limit(1)).first() is None


def ready(table: FromClause) -> Select[Any]:
    """Return the question for a block of rows whose message has the reference by now."""
    same_reference = exactly(Message.gateway_reference, table.c.gateway_reference)
    same_gateway = exactly(Message.gateway, table.c.gateway)
    return select(table).join(Message, and_(same_reference, same_gateway)).limit(BLOCK)

"""Write a block of outcomes in as few steps as a database needs."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    Update,
    bindparam,
    func,
    null,
    update,
)

from models.message import Message
from services.delivery import one_step
from services.outbox.outbox import WHAT_IS_KEPT
from services.storage.prepared import Prepared

messages = Message.__table__
_NAMES = ("message", "token", "status", "gateway", "reference", "error", "sent_at", "took_ms", "settled_at")
_PARAMETERS = [f"new_{name}" for name in _NAMES]
_NUMBERS = ("sent_at", "took_ms", "settled_at")


def _settle(value: Callable[[str], ColumnElement[Any]]) -> Update:
    """Return the UPDATE that writes an outcome; `value` gives the expression for each of its values."""
    return (
        update(messages)
        .where(messages.c.id == value("message"), messages.c.lease_token == value("token"))
        .values(
            status=value("status"),
            due_at=null(),
            lease_token=null(),
            sealed=WHAT_IS_KEPT,
            gateway=value("gateway"),
            gateway_reference=value("reference"),
            error=value("error"),
            sent_at=value("sent_at"),
            took_ms=value("took_ms"),
            settled_at=value("settled_at"),
        )
    )


def _list(name: str) -> ColumnElement[Any]:
    return bindparam(f"new_{name}", type_=ARRAY(BigInteger if name in _NUMBERS else String))


_LISTS = func.unnest(*map(_list, _NAMES)).table_valued(*_NAMES, name="block").render_derived()
_ONE_BY_ONE = Prepared(
    _settle(lambda name: bindparam(f"new_{name}", type_=BigInteger if name.endswith("_at") else None))
)
_FROM_JSON = _settle(lambda name: one_step.given(_NAMES.index(name)))
_FROM_LISTS = Prepared(_settle(lambda name: _LISTS.c[name]))
"""One statement whatever the number of rows: PostgreSQL takes as long to start one as to write the row."""


def write(connection: Connection, outcomes: Sequence[tuple[Any, ...]]) -> None:
    """Write outcomes, each with the values of `_NAMES`; those whose lease was lost change nothing."""
    if one_step.can_do(connection.dialect):
        connection.execute(_FROM_JSON, one_step.block(outcomes))
    elif connection.dialect.name == "postgresql":
        columns = map(list, zip(*outcomes, strict=True))
        _FROM_LISTS.run(connection, [dict(zip(_PARAMETERS, columns, strict=True))])
    else:
        _ONE_BY_ONE.run(connection, [dict(zip(_PARAMETERS, one, strict=True)) for one in outcomes])

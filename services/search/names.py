"""Things found by a part of their name."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import String, cast, literal, select, union_all

from channels.registry import Gateways
from exts import db
from models import Administrator, ApiKey, Broadcast, Hook, Schedule, Webhook
from services.process.parts import part
from services.search.hits import MOST, Hit, Kind
from services.templating import template_views

LOOK_THROUGH = 500
"""Rows of one table, the newest: names have no index, as a table of more than some dozens is rare."""
_PLACES: tuple[tuple[Kind, Any, Any, Any], ...] = (
    (Kind.BROADCAST, Broadcast.id, Broadcast.name, Broadcast.created_at),
    (Kind.KEY, ApiKey.id, ApiKey.name, ApiKey.created_at),
    (Kind.WEBHOOK, Webhook.id, Webhook.url, Webhook.created_at),
    (Kind.HOOK, Hook.id, Hook.name, Hook.created_at),
    (Kind.SCHEDULE, Schedule.id, Schedule.name, Schedule.id),
    (Kind.PERSON, Administrator.id, Administrator.email, Administrator.id),
)


def named(text: str, kinds: Collection[Kind]) -> Iterator[Hit]:
    """Yield what has `text` in its name, of these kinds; of rows in one statement, of templates in one more."""
    if Kind.TEMPLATE in kinds:
        yield from _templates(text.casefold())
    if Kind.GATEWAY in kinds:
        for gateway in part(Gateways):
            if text.casefold() in gateway.name.casefold():
                yield Hit(Kind.GATEWAY, gateway.name, gateway.name, gateway.channel)
    asked = [_rows(place, text) for place in _PLACES if place[0] in kinds]
    if asked:
        for row in db.session.execute(union_all(*asked)):
            yield Hit(Kind(row.kind), row.id, row.name)


def _rows(place: tuple[Kind, Any, Any, Any], text: str) -> Any:
    kind, id, name, order = place
    newest = select(cast(id, String(32)).label("id"), cast(name, String(2048)).label("name"))
    if kind is Kind.HOOK:
        newest = newest.where(Hook.removed_at.is_(None))
    rows = newest.order_by(order.desc()).limit(LOOK_THROUGH).subquery()
    fitting = select(literal(kind.value).label("kind"), rows.c.id, rows.c.name)
    found = fitting.where(rows.c.name.icontains(text, autoescape=True)).limit(MOST).subquery()
    return select(found.c.kind, found.c.id, found.c.name)


def _templates(text: str) -> Iterator[Hit]:
    for group in template_views.everything():
        first = group.texts[0].key
        if text in group.name or text == str(first):
            name = f"{group.name}@{group.purpose}" if group.purpose else group.name
            yield Hit(Kind.TEMPLATE, str(first), name, group.channel)

"""How often each text was used lately, counted in the rows of messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from exts import db
from models import Message, Template, TemplateVersion, clock

LATELY = timedelta(days=7)
NEWEST = 50_000
"""Messages that are looked at: on SQLite counted in 0.16 s, of 300,000 rows on two busy cores."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages by template, channel and purpose; `among` the newest so many, None where all were counted."""

    counts: Mapping[tuple[str, str, str], int]
    among: int | None


def lately() -> Usage:
    """Count the messages of the last seven days, without those of test keys."""
    newest = (
        select(Message.template, Message.channel, Message.template_version)
        .where(Message.created_at >= clock.now() - LATELY, Message.is_test.is_(False))
        .order_by(Message.created_at.desc())
        .limit(NEWEST)
        .subquery()
    )
    rows = db.session.execute(
        select(newest.c.template, newest.c.channel, newest.c.template_version, func.count()).group_by(
            newest.c.template, newest.c.channel, newest.c.template_version
        )
    ).all()
    purposes = _purposes()
    counts: dict[tuple[str, str, str], int] = {}
    for template, channel, version, number in rows:
        key = (template or "", channel, purposes.get(version, ""))
        counts[key] = counts.get(key, 0) + number
    db.session.rollback()
    return Usage(counts, NEWEST if sum(counts.values()) >= NEWEST else None)


def _purposes() -> dict[int, str]:
    """Return the purpose of each version that has one."""
    found = (
        select(TemplateVersion.id, Template.purpose)
        .join(Template, Template.id == TemplateVersion.template_id)
        .where(Template.purpose != "")
    )
    return {row.id: row.purpose for row in db.session.execute(found)}

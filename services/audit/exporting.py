"""The audit trail as CSV; the export is an entry of its own, written first."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.actions import Action
from domain.sheets import guarded
from services.audit import trail
from services.audit.trail import Actor, Wanted
from services.storage.transactions import transaction

BLOCK = 1000
COLUMNS = ("id", "at", "actor_id", "actor", "ip", "action", "subject", "subject_id", "before", "after")


def export(wanted: Wanted, *, by: Actor) -> Iterator[str]:
    """Return entries as CSV, newest first, generated in blocks as it is read; destinations stay masked."""

    def work(session: Session) -> None:
        trail.note(session, by, Action.AUDIT_EXPORTED, _described(wanted)[:320])

    transaction(work)
    return _csv(wanted)


def _described(wanted: Wanted) -> str:
    """Return the filters as text."""
    told = ((one.name, getattr(wanted, one.name)) for one in fields(wanted))
    return " ".join(f"{name}={_word(value)}" for name, value in told if value) or "all"


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return ",".join(value) if isinstance(value, list | tuple) else str(value)


def _csv(wanted: Wanted) -> Iterator[str]:
    yield _rows([COLUMNS])
    older_than: int | None = None
    while True:
        page = trail.entries(wanted, older_than=older_than, limit=BLOCK)
        yield _rows([_cell(getattr(entry, name)) for name in COLUMNS] for entry in page.shown)
        older_than = page.older_than
        if older_than is None:
            return


def _rows(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return guarded(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value))

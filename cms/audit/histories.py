"""The newest changes of one thing, for its own page; only for people who may read the audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask

from cms.access.guard import may
from cms.audit.labels import LABELS
from cms.audit.trail import Difference, actor_of, differences_of
from services.audit import trail as service

BY_NAME = ("template", "schedule")
"""Things that the audit knows by their names."""
AND_OTHERS = {"administrator": ("administrator", "account")}


@dataclass(frozen=True, slots=True)
class Change:
    """One change."""

    at: datetime
    title: Any
    actor: str
    differences: list[Difference]


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(lambda: {"changes_of": changes_of})


def changes_of(about: str, subject: object) -> list[Change]:
    """Return the newest changes of a thing, named by its id or name; `about` as in `Action.about`."""
    return list(_changes(about, str(subject))) if may("cms.audit") else []


def _changes(about: str, subject: str) -> Iterator[Change]:
    kinds = AND_OTHERS.get(about, (about,))
    for entry in service.of(subject, kinds, is_name=about in BY_NAME):
        title = LABELS.get(entry.action, entry.action)  # type: ignore[call-overload]
        yield Change(entry.at, title, actor_of(entry), list(differences_of(entry)))

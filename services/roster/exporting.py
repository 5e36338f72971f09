"""The gateways that were added here, written as gateways.toml would have them; secrets become variables."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from channels.fields import INTERFACE, Form, Kind
from exts import db
from models import StoredGateway
from services.roster import editing


def as_toml() -> str:
    """Return tables for gateways.toml; a secret is `${NAME_KEY}`, whose value nobody but its owner knows."""
    names = list(db.session.scalars(select(StoredGateway.name).order_by(StoredGateway.name)))
    tables = ["\n".join(_table(name)) + "\n" for name in names]
    db.session.rollback()
    return "\n".join(tables)


def _table(name: str) -> Iterator[str]:
    form, entry = editing.stored_form(name), editing.entry_of(name)
    yield "[[gateway]]"
    yield f"name = {_text(name)}"
    yield f"channel = {_text(form.channels[0].value)}"
    yield f"{'preset' if form.is_preset else 'type'} = {_text(form.kind)}"
    for one in form.fields:
        if one.name in entry.texts:
            yield f"{one.name} = {_value(form, one.name, entry.texts[one.name])}"
        elif one.name in entry.hidden and one.kind is Kind.TOML:
            yield f"# to be entered anew, as it may hold secrets: {', '.join(INTERFACE)}"
        elif one.name in entry.hidden:
            variable = re.sub(r"\W", "_", f"{name}_{one.name}").upper()
            yield f'{one.name} = "${{{variable}}}"'


def _value(form: Form, name: str, text: str) -> str:
    kind = next(one.kind for one in form.fields if one.name == name)
    if kind is Kind.FLAG:
        return "true"
    if kind is Kind.NUMBER or (kind is Kind.RATE and text.isdigit()):
        return text
    return f"[{', '.join(map(_text, text.split(', ')))}]" if kind is Kind.COUNTRIES else _text(text)


def _text(value: Any) -> str:
    """Return a TOML string: JSON's are the same, apart from characters that no setting may have."""
    return json.dumps(value, ensure_ascii=False)

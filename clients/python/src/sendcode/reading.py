"""Read JSON into dataclasses, by the types of their fields."""

import dataclasses
import types
from collections.abc import Hashable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def read(kind: type[T], value: Any) -> T:
    """Return `value` as `kind`; unknown members are dropped. Raises ValueError where a required one is missing."""
    if not isinstance(value, dict):
        raise ValueError(f"an answer is no {kind.__name__}")
    hints = _hints(cast(Hashable, kind))
    known = {name: _read(hint, value[name]) for name, hint in hints.items() if name in value}
    try:
        return kind(**known)
    except TypeError:
        raise ValueError(f"an answer lacks members of {kind.__name__}") from None


def moment(text: str) -> datetime:
    """Return a time of RFC 3339; Python 3.10 can't read its Z."""
    return datetime.fromisoformat(text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return (
            None if value is None else _read(next(one for one in get_args(hint) if one is not _NONE), value)
        )
    if origin is tuple:
        return tuple(_read(get_args(hint)[0], one) for one in value)
    if origin is Mapping:
        return dict(value)
    if hint is datetime:
        return moment(value)
    if hint is date:
        return date.fromisoformat(value)
    return read(hint, value) if dataclasses.is_dataclass(hint) and isinstance(hint, type) else value


_NONE = type(None)

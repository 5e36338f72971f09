"""The arguments of a scheduled task, as somebody writes them."""

import json
from typing import Any


def read(text: str, kind: type) -> Any:
    """Return the list or the object that JSON holds; raises ValueError for anything else.

    Databases reject half a surrogate pair, and `1e400` and `NaN` become what is no JSON.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("is nested too deep") from None
    if not isinstance(value, kind):
        raise ValueError(f"is no {kind.__name__}")
    return value

"""What is wrong with a task that came over the broker, before Celery takes it.

Celery checks names only. What it finds later ends a solo worker, and in a pool of threads it leaves the message
unacknowledged, so that the broker delivers it again and again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

LARGEST_BODY = 8 * 1024 * 1024
"""In bytes; as large as the largest call of the API."""
_TEXTS = ("lang", "root_id", "parent_id", "group", "origin", "eta", "argsrepr", "kwargsrepr", "shadow")
_SIGNATURES = ("callbacks", "errbacks", "chain")


def size_of(body: Any) -> int:
    """Return the size of a body in bytes, about that of a text; 0 for anything that has been decoded."""
    return len(body) if isinstance(body, str | bytes | bytearray | memoryview) else 0


def fault(headers: Any, payload: Any, known: Mapping[str, Any], *, is_fired: bool) -> str | None:
    """Return why a message is no task that this worker can run, None where it is one.

    `known` are the tasks by name. A run that a schedule fired may lack its arguments, or have wrong ones: then it
    fails like any other run, because its row has to say so. The answer holds nothing but the names of fields.
    """
    if not isinstance(headers, Mapping):
        return "headers"
    if "task" in headers:
        if not isinstance(payload, Sequence) or isinstance(payload, str | bytes) or len(payload) != 3:
            return "body"
        args, kwargs, embed = payload
        return _fault_of(headers, args, kwargs, known, is_fired) or _fault_of_embedded(embed)
    if not isinstance(payload, Mapping):
        return "body"
    return _fault_of(payload, payload.get("args", ()), payload.get("kwargs", {}), known, is_fired) or (
        _fault_of_embedded({name: payload.get(name) for name in (*_SIGNATURES, "chord")})
    )


def _fault_of(
    told: Mapping[str, Any], args: Any, kwargs: Any, known: Mapping[str, Any], is_fired: bool
) -> str | None:
    name, task_id = told.get("task"), told.get("id")
    if not isinstance(name, str):
        return "task"
    if name not in known:
        return f"unknown task {name[:100]!r}"
    if not isinstance(task_id, str) or not 1 <= len(task_id) <= 255:
        return "id"
    if not isinstance(args, list | tuple) or not isinstance(kwargs, dict):
        return "arguments"
    if not _is_limit(told.get("timelimit")):
        return "timelimit"
    if not isinstance(told.get("retries") or 0, int):
        return "retries"
    if not isinstance(told.get("expires"), str | int | float | None):
        return "expires"
    wrong = next((one for one in _TEXTS if not isinstance(told.get(one), str | None)), None)
    stamps = told.get("stamped_headers")
    if wrong or not (stamps is None or _are(stamps, str)):
        return wrong or "stamped_headers"
    return None if is_fired or _fits(known[name], args, kwargs) else f"arguments of {name!r}"


def _is_limit(limits: Any) -> bool:
    if limits is None:
        return True
    return (
        isinstance(limits, list | tuple)
        and len(limits) == 2
        and all(one is None or (isinstance(one, int | float) and one > 0) for one in limits)
    )


def _fits(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    check: Callable[..., Any] | None = getattr(task, "__header__", None)
    if check is None or not getattr(task, "typing", True):
        return True
    try:
        check(*args, **kwargs)
    except TypeError:
        return False
    return True


def _fault_of_embedded(embed: Any) -> str | None:
    """Return what is wrong with the tasks that are to run after this one."""
    if embed is None:
        return None
    if not isinstance(embed, Mapping):
        return "body"
    for name in _SIGNATURES:
        signatures = embed.get(name)
        if signatures is not None and not (
            isinstance(signatures, list | tuple) and all(_is_signature(one) for one in signatures)
        ):
            return name
    chord = embed.get("chord")
    return None if chord is None or _is_signature(chord) else "chord"


def _is_signature(one: Any) -> bool:
    if not isinstance(one, Mapping):
        return False
    kinds = {"task": str, "args": list | tuple, "kwargs": Mapping, "options": Mapping}
    return all(isinstance(one.get(name), kind) for name, kind in kinds.items())


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(one, kind) for one in values)

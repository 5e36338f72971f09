"""A call: what to send, and how to read the answer. Knows no network."""

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload
from urllib.parse import quote

from sendcode.answers import Page
from sendcode.reading import read

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call of the API; `path` comes after `/api/v1`. Its body may hold a code, so it is in no repr."""

    method: str
    path: str
    reader: Callable[[bytes], T] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    file: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = None


class Blocking(Protocol):
    """Runs a call and returns what it answers."""

    def run(self, call: Call[T]) -> T:
        """Run one call."""


class Awaiting(Protocol):
    """Runs a call when it is awaited."""

    def run_async(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Run one call."""


R = TypeVar("R", Blocking, Awaiting)


class Resource(Generic[R]):
    """Calls of one subject; `Resource[Blocking]` returns answers, `Resource[Awaiting]` awaitables."""

    def __init__(self, runner: R) -> None:
        self._runner: R = runner


class Operation(Generic[P, T]):
    """A method that describes a call; calling it runs the call, or returns an awaitable, as its resource does."""

    def __init__(self, operation_id: str, build: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.operation_id = operation_id
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, resource: None, owner: Any) -> "Operation[P, T]": ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: Resource[Awaiting], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        if resource is None:
            return self

        @wraps(self.build)
        def run(*args: P.args, **kwargs: P.kwargs) -> Any:
            call = self.build(resource, *args, **kwargs)
            runner = resource._runner
            return runner.run(call) if hasattr(runner, "run") else runner.run_async(call)

        return run


def operation(
    operation_id: str,
) -> Callable[[Callable[Concatenate[Any, P], Call[T]]], Operation[P, T]]:
    """Make a method an operation; `operation_id` is its name in the API's OpenAPI document."""
    return lambda build: Operation(operation_id, build)


def get(path: str, kind: type[T], **query: Any) -> Call[T]:
    """Return a GET; what is None is left out of the query."""
    return Call("GET", path, _reader(kind), query={name: str(value) for name, value in _given(query).items()})


def post(
    path: str, kind: type[T], body: Mapping[str, Any] | None = None, *, key: str | None = None
) -> Call[T]:
    """Return a POST; what is None is left out of the body."""
    return Call("POST", path, _reader(kind), body=_given(body or {}), idempotency_key=key)


def post_file(path: str, kind: type[T], file: bytes, *, key: str | None = None, **query: Any) -> Call[T]:
    """Return a POST of a file; what is None is left out of the query."""
    given = {name: str(value) for name, value in _given(query).items()}
    return Call("POST", path, _reader(kind), query=given, file=file, idempotency_key=key)


def patch(path: str, kind: type[T], body: Mapping[str, Any]) -> Call[T]:
    """Return a PATCH; what is None is left out of the body."""
    return Call("PATCH", path, _reader(kind), body=_given(body))


def delete(path: str) -> Call[None]:
    """Return a DELETE, which answers nothing."""
    return Call("DELETE", path, lambda content: None)


def page(path: str, name: str, kind: type[T], **query: Any) -> Call[Page[T]]:
    """Return a GET of one page, whose items are the member `name` of the answer."""

    def reader(content: bytes) -> Page[T]:
        answer = json.loads(content)
        return Page(tuple(read(kind, one) for one in answer[name]), answer.get("next_cursor"))

    return Call("GET", path, reader, query={name: str(value) for name, value in _given(query).items()})


def segment(value: str) -> str:
    """Return an id as one segment of a path. Raises ValueError for what would be another path."""
    if value in ("", ".", ".."):
        raise ValueError("this is no id")
    return quote(value, safe="")


def _reader(kind: type[T]) -> Callable[[bytes], T]:
    return lambda content: read(kind, json.loads(content))


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }

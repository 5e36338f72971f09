"""Lists that go on over pages."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar, overload

from sendcode.answers import Page
from sendcode.calls import Awaiting, Blocking, Operation, Resource

P = ParamSpec("P")
T = TypeVar("T")


class Listing(Generic[P, T]):
    """A method that iterates over all items, newest first; takes what its operation takes. `limit`: items a page."""

    def __init__(self, page: Operation[P, Page[T]]) -> None:
        self.page = page

    @overload
    def __get__(self, resource: None, owner: Any) -> "Listing[P, T]": ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: Any) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, resource: Resource[Awaiting], owner: Any) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        if resource is None:
            return self

        @wraps(self.page.build)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> Any:
            call = self.page.build(resource, *args, **kwargs)
            runner = resource._runner
            return _each(runner, call) if hasattr(runner, "run") else _each_async(runner, call)

        return iterate


def _each(runner: Any, call: Any) -> Iterator[Any]:
    while True:
        page = runner.run(call)
        yield from page.items
        if page.next_cursor is None:
            return
        call = replace(call, query={**call.query, "cursor": page.next_cursor})


async def _each_async(runner: Any, call: Any) -> AsyncIterator[Any]:
    while True:
        page = await runner.run_async(call)
        for item in page.items:
            yield item
        if page.next_cursor is None:
            return
        call = replace(call, query={**call.query, "cursor": page.next_cursor})

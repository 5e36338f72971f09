"""What the lists of messages and of verifications share: open the list, search it, show its destinations in full."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.errors.error_texts import Answer
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.errors import InvalidInput

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Found]):
    """One of the two lists; `values` returns what only its own template needs."""

    endpoint: str
    template: str
    fields: tuple[str, ...]
    nothing: Found
    values: Callable[[Chosen], Mapping[str, Any]]

    def show(self, find: Callable[[Chosen, str | None], Found], *, is_unmasked: bool = False) -> Answer:
        """Show the page that `find` returns for a filter and a cursor; a bad cursor leads to the first page."""
        chosen = filters.from_address(self.fields)
        if not (chosen.is_readable or is_unmasked):
            return self._render(chosen, self.nothing, error=filters.unreadable()), 422
        try:
            found = find(chosen, _cursor())
        except InvalidInput:
            flash(_("The link to this page of the list is broken. This is the first page."), "info")
            return redirect(url_for(self.endpoint, **chosen.args), 303)
        return self._render(chosen, found, is_unmasked=is_unmasked)

    def search(self) -> Answer:
        """Redirect to the list of what was typed; the address, which ends up in access logs, has it encrypted."""
        try:
            return redirect(url_for(self.endpoint, **filters.to_address(self.fields)), 303)
        except InvalidInput:
            return self._render(
                filters.from_address(self.fields), self.nothing, error=filters.too_long()
            ), 422

    def _render(
        self, chosen: Chosen, found: Found, *, is_unmasked: bool = False, error: str | None = None
    ) -> str:
        return render_template(
            self.template,
            chosen=chosen,
            found=found,
            cursor=_cursor(),
            is_unmasked=is_unmasked,
            error=error,
            channels=filters.CHANNELS,
            **self.values(chosen),
        )


def _cursor() -> str | None:
    return request.args.get("cursor") or None

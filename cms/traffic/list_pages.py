"""What the lists of messages and of verifications share: open the list, search it, show its destinations in full."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cms.errors.error_texts import Answer
from cms.traffic import list_tabs
from cms.traffic import traffic_filters as filters
from cms.traffic.traffic_filters import Chosen
from domain.errors import InvalidInput
from services.traffic.listing import MOST_NEWER, Tally

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Found]):
    """One of the two lists; `values` returns what only its own template needs."""

    endpoint: str
    template: str
    fields: tuple[str, ...]
    nothing: Found
    statuses: Callable[[], Mapping[str, Any]]
    tally: Callable[[Chosen], Tally]
    newer: Callable[[Chosen, str], int]
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

    def tell_newer(self) -> dict[str, str]:
        """Return how many rows are newer than those of a page, as a text; an empty one where there are none."""
        chosen, cursor = filters.from_address(self.fields), _cursor()
        try:
            count = self.newer(chosen, cursor) if cursor and chosen.is_readable else 0
        except InvalidInput:
            count = 0
        if count >= MOST_NEWER:
            return {"text": _("%(count)s+ new", count=MOST_NEWER)}
        return {"text": ngettext("%(num)s new", "%(num)s new", count) if count else ""}

    def _render(
        self, chosen: Chosen, found: Found, *, is_unmasked: bool = False, error: str | None = None
    ) -> str:
        statuses = self.statuses()
        return render_template(
            self.template,
            chosen=chosen,
            found=found,
            cursor=_cursor(),
            is_unmasked=is_unmasked,
            error=error,
            statuses=statuses,
            tabs=[] if error else list_tabs.tabs(chosen, statuses, self.tally(chosen)),
            channels=filters.CHANNELS,
            tests=filters.TESTS,
            texts=filters.texts(chosen),
            **self.values(chosen),
        )


def with_chosen(known: Mapping[str, Any], chosen: str | None) -> list[tuple[str, Any]]:
    """Return choices with their texts, including the chosen one where it is no longer known."""
    return [*known.items(), *([] if chosen is None or chosen in known else [(chosen, chosen)])]


def _cursor() -> str | None:
    return request.args.get("cursor") or None

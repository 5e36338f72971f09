"""This process's cache of versions of edited texts. A version never changes, so the cache can't go stale."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from jinja2 import TemplateRuntimeError
from markupsafe import escape
from sqlalchemy import and_, select

from domain import bound_codes, locales
from domain.provider_templates import ProviderTemplate
from domain.statuses import Channel
from exts import db
from models.template import Template, TemplateVersion
from services.process.freshness import Fresh
from services.storage.transactions import Writer
from services.templating import text_rules, texts
from services.templating.text_forms import Form, printed_only
from services.templating.texts import Text

FRESH_SECONDS = 1.0
"""How old the cached publications may be, and so for how long a text may still be used after another is published."""
MOST_KEPT = 300
"""Versions cached beyond those of the last minute; a text of usual length takes some ten kilobytes."""
NEEDED_SECONDS = 60.0
"""Long after a claimed message has been rendered or its lease has ended."""
LONGEST_RENDERED = 200_000
"""Characters; parameters are short and texts have few places for them, so no legitimate text comes near it."""
_template, _version = Template.__table__, TemplateVersion.__table__
_VERSIONS = select(
    _version.c.id,
    _version.c.number,
    _version.c.subject,
    _version.c.text,
    _version.c.html,
    _version.c.host,
    _version.c.providers,
)
_PUBLISHED = select(
    _template.c.name, _template.c.channel, _template.c.locale, _template.c.purpose, _version.c.id
).join(_version, and_(_version.c.template_id == _template.c.id, _version.c.number == _template.c.published))
Key = tuple[str, str, str, str]
"""Name, channel, locale and purpose."""


class Version:
    """What one version says. Safe to use from many threads at once."""

    def __init__(
        self,
        id: int,
        number: int,
        subject: str | None,
        text: str,
        html: str | None = None,
        host: str | None = None,
        providers: Mapping[str, Mapping[str, Any]] | None = None,
    ):
        self.id = id
        self.number = number
        self.subject, self.text, self.html, self.host = subject, text, html, host
        self.providers = read_providers(providers or {})

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of all parameters that it uses."""
        sources = [source for source in (self.subject, self.text, self.html) if source]
        return frozenset().union(*map(text_rules.variables, sources))

    def render(self, params: Mapping[str, Any]) -> Text:
        """Return the rendered text; raises jinja2.TemplateError where a parameter is missing or of another type."""
        try:
            return _bounded(self._render(params))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise TemplateRuntimeError(
                f"{type(error).__name__}: a value is not of the type that the text expects"
            ) from None

    def _render(self, params: Mapping[str, Any]) -> Text:
        text = self._text.fill(params).strip()
        if self.host:
            text = bound_codes.bind(text, self.host, str(params["code"]))
        if self._subject is None:
            return Text(text)
        html = self._html.fill(params) if self._html else None
        return Text(text + "\n", " ".join(self._subject.fill(params).split()), html)

    @cached_property
    def _text(self) -> Form:
        return _form(self.text)

    @cached_property
    def _subject(self) -> Form | None:
        return None if self.subject is None else _form(self.subject)

    @cached_property
    def _html(self) -> Form | None:
        return _form(self.html, escapes=True) if self.html else None


def _form(source: str, escapes: bool = False) -> Form:
    environment = text_rules.environment(escapes)
    names, printed = text_rules.variables(source), printed_only([environment.parse(source)])
    return Form(environment.from_string(source), names, printed, escape if escapes else None)


def _bounded(text: Text) -> Text:
    if sum(len(part) for part in text if part) > LONGEST_RENDERED:
        raise TemplateRuntimeError("the text is too long")
    return text


def read_providers(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, ProviderTemplate]:
    """Return the approved texts that a row keeps, by the gateway's name."""
    return {
        gateway: ProviderTemplate(
            one["id"], tuple((pair[0], pair[1]) for pair in one["params"]), one["sign_name"]
        )
        for gateway, one in kept.items()
    }


class Choice(NamedTuple):
    """The text for a message: its locale, and its version, None for the shipped file."""

    locale: str
    version: Version | None

    @property
    def version_id(self) -> int | None:
        """What the message's row keeps."""
        return self.version.id if self.version else None


class Published:
    """The versions that were published at one moment."""

    def __init__(self, versions: Mapping[Key, Version]):
        self._versions = versions
        self.choose = lru_cache(4096)(self._choose)  # called for every request, and the answers are few

    def _choose(
        self, name: str, channel: Channel, wanted: str | None, default: str, purpose: str = ""
    ) -> Choice | None:
        """Return the nearest text; None where there is none, not even in English.

        The reader's language takes precedence over the purpose: better a general text than an unreadable one.
        """
        for tag in locales.chain(wanted, default):
            for for_what in dict.fromkeys((purpose, "")):
                found = self._versions.get((name, channel.value, tag, for_what))
                if found is not None:
                    return Choice(tag, found)
            if texts.is_shipped(name, channel, tag):
                return Choice(tag, None)
        return None

    def names(self, channel: Channel) -> frozenset[str]:
        """Return the names of templates with a published text."""
        return frozenset(name for name, of, _, _ in self._versions if of == channel)

    def locales(self, name: str, channel: Channel) -> list[str]:
        """Return the locales in which a template is published."""
        return sorted({tag for one, of, tag, _ in self._versions if (one, of) == (name, channel)})


class TextVersions:
    """One application's cache of edited texts: all that were used in the last minute, and some older ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[int, Version] = {}
        self._asked_at: dict[int, float] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._published = Fresh(self._look, FRESH_SECONDS)

    def __getitem__(self, version_id: int) -> Version:
        """Return a version that was loaded within the last minute or is still cached; raises KeyError."""
        return self._known[version_id]

    def load(self, reader: Writer, ids: Iterable[int | None]) -> None:
        """Read the versions that are not cached yet."""
        wanted = {one for one in ids if one is not None}
        if not wanted:
            return
        with self._lock:  # trimming must not remove what was just found here
            self._asked_at.update(dict.fromkeys(wanted, self._clock()))
            missing = wanted - self._known.keys()
        if missing:
            read = {
                row.id: Version(*row) for row in reader.execute(_VERSIONS.where(_version.c.id.in_(missing)))
            }
            with self._lock:
                self._known.update(read)
                self._trim()

    def _trim(self) -> None:
        """Drop the least recently used versions, but never one that a message on its way may need."""
        surplus, settled = len(self._asked_at) - MOST_KEPT, self._clock() - NEEDED_SECONDS
        if surplus <= 0:
            return
        for one in sorted(self._asked_at, key=self._asked_at.__getitem__)[:surplus]:
            if self._asked_at[one] < settled:
                del self._asked_at[one]
                self._known.pop(one, None)

    def published(self) -> Published:
        """Return what is published, at most a second old."""
        return self._published.get()

    def forget(self) -> None:
        """Drop the cached publications: this process has just published something."""
        self._published = Fresh(self._look, FRESH_SECONDS)

    def _look(self) -> Published:
        session = db.session()
        was_open = session.in_transaction()
        rows = session.execute(_PUBLISHED).all()
        self.load(session, [row.id for row in rows])
        if not was_open:
            session.rollback()  # the next write must not build on this read
        return Published({(row.name, row.channel, row.locale, row.purpose): self[row.id] for row in rows})

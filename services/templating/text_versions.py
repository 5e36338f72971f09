"""This process's cache of versions of edited texts. A version never changes, so the cache can't go stale."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from sqlalchemy import and_, select

from domain import locales
from domain.brand import PLAIN
from domain.statuses import Channel
from domain.template_keys import CODE
from exts import db
from models.template import Template, TemplateVersion
from services.process.freshness import Fresh
from services.storage.transactions import Writer
from services.templating import texts
from services.templating.mails import brands
from services.templating.version import Version

FRESH_SECONDS = 1.0
"""How old the cached publications may be, and so for how long a text may still be used after another is published."""
BRAND_SECONDS = 5.0
"""For how long mails may still go out with the brand before the last change."""
MOST_KEPT = 300
"""Versions cached beyond those of the last minute; a text of usual length takes some ten kilobytes."""
NEEDED_SECONDS = 60.0
"""Long after a claimed message has been rendered or its lease has ended."""
_template, _version = Template.__table__, TemplateVersion.__table__
_VERSIONS = select(
    _version.c.id,
    _version.c.number,
    _version.c.subject,
    _version.c.text,
    _version.c.html,
    _version.c.host,
    _version.c.providers,
    _version.c.is_markdown,
)
_PUBLISHED = select(
    _template.c.name, _template.c.channel, _template.c.locale, _template.c.purpose, _version.c.id
).join(_version, and_(_version.c.template_id == _template.c.id, _version.c.number == _template.c.published))
Key = tuple[str, str, str, str]
"""Name, channel, locale and purpose."""


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


class Claimed(Protocol):
    """What a message to send says of its text."""

    @property
    def channel(self) -> str:
        """How it goes."""

    @property
    def template(self) -> str | None:
        """None where the text is the caller's own."""

    @property
    def template_version(self) -> int | None:
        """The version of an edited text; None for a shipped one."""


class TextVersions:
    """One application's cache of edited texts: all that were used in the last minute, and some older ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[int, Version] = {}
        self._asked_at: dict[int, float] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._published = Fresh(self._look, FRESH_SECONDS)
        self.brand = PLAIN
        """The brand of mails, as `load_to_send` found it."""
        self._brand_until = -math.inf

    def __getitem__(self, version_id: int) -> Version:
        """Return a version that was loaded within the last minute or is still cached; raises KeyError."""
        return self._known[version_id]

    def known(self, version_id: int) -> Version | None:
        """Return a version if it is cached."""
        return self._known.get(version_id)

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

    def load_to_send(self, reader: Writer, block: Sequence[Claimed]) -> None:
        """Read the versions that are not cached yet; the brand, too, if one shows it and it is some seconds old."""
        ids = [one.template_version for one in block]
        self.load(reader, ids)
        now = self._clock()
        if now < self._brand_until or not any(map(self._shows_brand, block)):
            return
        self.brand, self._brand_until = brands.read(reader), now + BRAND_SECONDS

    def _shows_brand(self, one: Claimed) -> bool:
        """Tell whether it is a mail with the brand: from Markdown, or our own of a code."""
        if one.template_version is None:
            return one.template == CODE and one.channel == Channel.EMAIL
        version = self.known(one.template_version)
        return version is not None and version.has_brand

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

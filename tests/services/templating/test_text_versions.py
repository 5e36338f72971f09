"""The cache of versions in a process: each is read once, and the cache is bounded."""

import threading

import pytest
from sqlalchemy import event, select

from domain.template_keys import parse
from exts import db
from models import TemplateVersion
from services.audit.trail import Actor
from services.templating import templates, text_versions
from services.templating.text_sources import Source
from services.templating.text_versions import NEEDED_SECONDS, TextVersions

pytestmark = pytest.mark.usefixtures("context")
BY = Actor(7, "kim@example.org", "192.0.2.1")


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_versions, "MOST_KEPT", 3)


@pytest.fixture
def ids() -> list[int]:
    """Eight versions of one text."""
    for number in range(8):
        templates.save(parse("code.sms.en"), Source(f"{number} {{{{ code }}}}"), base=number, by=BY)
    return list(db.session.scalars(select(TemplateVersion.id).order_by(TemplateVersion.number)))


def known(versions: TextVersions, ids: list[int]) -> list[int]:
    found = []
    for place, one in enumerate(ids):
        try:
            assert versions[one].text.startswith(str(place))
        except KeyError:
            continue
        found.append(place)
    return found


def test_the_least_recently_used_versions_are_evicted(ids: list[int]) -> None:
    clock = Clock()
    versions = TextVersions(clock)
    for one in ids[:4]:
        versions.load(db.session(), [one])
        clock.now += 1
    assert known(versions, ids) == [0, 1, 2, 3], "all of them may still be needed"
    clock.now += NEEDED_SECONDS
    versions.load(db.session(), [ids[0], None])
    clock.now += 1
    versions.load(db.session(), [ids[4]])
    assert known(versions, ids) == [0, 3, 4]
    versions.load(db.session(), [ids[1]])
    assert known(versions, ids) == [0, 1, 4]


def test_a_block_with_more_versions_than_the_cache_finds_all_of_them(ids: list[int]) -> None:
    versions = TextVersions(Clock())
    versions.load(db.session(), ids)
    assert known(versions, ids) == list(range(8))


def test_cached_versions_are_not_read_again(ids: list[int]) -> None:
    versions, statements = TextVersions(Clock()), []
    versions.load(db.session(), ids)
    event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    versions.load(db.session(), ids)
    versions.load(db.session(), [None])
    assert statements == []


def test_unknown_ids_do_not_fill_the_cache(ids: list[int]) -> None:
    clock = Clock()
    versions = TextVersions(clock)
    for nobody in range(100_000, 100_020):
        versions.load(db.session(), [nobody])
        clock.now += NEEDED_SECONDS * 2
    assert len(versions._asked_at) <= 4


def test_threads_that_load_and_trim_at_once_find_what_they_asked_for(
    app: object, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_versions, "NEEDED_SECONDS", 0.5)
    versions, missed = TextVersions(), []

    def ask(place: int) -> None:
        with app.app_context():  # type: ignore[attr-defined]
            for turn in range(100):
                one = ids[(place + turn) % len(ids)]
                versions.load(db.session(), [one])
                try:
                    _ = versions[one]
                except KeyError as error:
                    missed.append(error)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []

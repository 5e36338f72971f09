"""Polling at most once in so many seconds."""

import threading

import pytest

from services.process.freshness import Fresh
from tests.servers.thread import wait_until


def test_the_last_result_is_cached_for_a_while():
    looks = []
    fresh = Fresh(lambda: looks.append(1) or len(looks), 60)
    assert [fresh.get(), fresh.get()] == [1, 1]


def test_an_old_result_is_refreshed():
    looks = []
    fresh = Fresh(lambda: looks.append(1) or len(looks), 0)
    assert [fresh.get(), fresh.get()] == [1, 2]


def test_during_a_refresh_other_callers_get_the_last_result():
    looking, go_on = threading.Event(), threading.Event()
    answers = iter([lambda: 1, lambda: looking.set() or (go_on.wait(10) and 2)])
    fresh = Fresh(lambda: next(answers)(), 0)
    assert fresh.get() == 1
    slow = threading.Thread(target=fresh.get)
    slow.start()
    assert looking.wait(10)
    assert fresh.get() == 1
    go_on.set()
    slow.join(10)
    wait_until(lambda: not slow.is_alive())


def test_a_failed_lookup_is_repeated():
    answers = iter([ValueError("no"), 7])

    def look():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    fresh = Fresh(look, 60)
    with pytest.raises(ValueError, match="no"):
        fresh.get()
    assert fresh.get() == 7

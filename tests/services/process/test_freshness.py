"""Polling at most once in so many seconds."""

import threading

import pytest
from flask import Flask

from services.process.freshness import Fresh, once_in
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


def test_each_application_looks_once_for_all_its_callers():
    looks = []

    @once_in(60)
    def look():
        """Look."""
        looks.append(1)
        return len(looks)

    first, second = Flask("first"), Flask("second")
    for app, expected in ((first, 1), (second, 2), (first, 1)):
        with app.app_context():
            assert look() == look() == expected
    assert look.__doc__ == "Look."


def test_an_application_looks_again_when_the_time_is_over():
    looks = []

    @once_in(0)
    def look():
        looks.append(1)
        return len(looks)

    with Flask("one").app_context():
        assert [look(), look()] == [1, 2]

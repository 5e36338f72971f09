"""Looking at most every so many seconds."""

import threading

import pytest

from services.process.freshness import Fresh
from tests.servers.thread import wait_until


def test_the_last_finding_is_kept_for_a_while():
    looks = []
    fresh = Fresh(lambda: looks.append(1) or len(looks), 60)
    assert [fresh.get(), fresh.get()] == [1, 1]


def test_an_old_finding_is_looked_at_again():
    looks = []
    fresh = Fresh(lambda: looks.append(1) or len(looks), 0)
    assert [fresh.get(), fresh.get()] == [1, 2]


def test_while_one_looks_again_the_others_are_told_the_last_finding():
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


def test_what_could_not_be_found_is_looked_for_again():
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

"""Answers are cached until a roll-up changes."""

from services.figures.traffic_memory import MOST, Memory


def test_a_question_is_asked_once_in_each_state():
    memory, asked = Memory(), []

    def read():
        asked.append(True)
        return len(asked)

    assert [memory.recall("a", (1, 1), read) for _ in range(3)] == [1, 1, 1]
    assert memory.recall("a", (1, 2), read) == 2
    assert memory.recall("b", (1, 2), read) == 3
    assert memory.recall("a", (1, 2), read) == 2


def test_it_never_grows_beyond_its_bounds():
    memory = Memory()
    for number in range(3 * MOST):
        memory.recall(number, (0, 0), lambda: None)
    assert len(memory.known) <= MOST

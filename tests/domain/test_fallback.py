"""In which order the steps of a fallback are taken, and after how long."""

import pytest

from domain.destinations import Destination, parse
from domain.errors import InvalidInput
from domain.fallback import DEFAULT_SECONDS, Step, check_seconds, planned
from domain.statuses import Channel


def destination(text: str) -> Destination:
    return parse(Channel.EMAIL if "@" in text else Channel.SMS, text, region="CN")


SMS, MAIL = destination("+8613800138000"), destination("kim@example.org")
CHAIN = {Channel.EMAIL: 20, Channel.SMS: 45}


def test_without_any_time_the_chain_gives_order_and_waits() -> None:
    assert planned([Step(SMS, None), Step(MAIL, None)], CHAIN) == [Step(MAIL, 20), Step(SMS, 45)]


def test_one_time_of_the_caller_keeps_the_callers_order() -> None:
    assert planned([Step(SMS, 30), Step(MAIL, None)], CHAIN) == [Step(SMS, 30), Step(MAIL, 20)]


def test_channels_that_the_chain_does_not_have_come_last_in_their_order() -> None:
    steps = [Step(SMS, None), Step(destination("+8613900139000"), None), Step(MAIL, None)]
    timed = planned(steps, {Channel.EMAIL: 20})
    assert [one.destination.to for one in timed] == ["kim@example.org", "+8613800138000", "+8613900139000"]
    assert [one.after_seconds for one in timed] == [20, DEFAULT_SECONDS, DEFAULT_SECONDS]


@pytest.mark.parametrize("seconds", [15, 240])
def test_a_wait_within_bounds_is_taken(seconds: int) -> None:
    assert check_seconds(seconds) == seconds


@pytest.mark.parametrize("seconds", [-1, 0, 14, 241])
def test_a_wait_out_of_bounds_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidInput, match="fallback: after_seconds must be 15 to 240"):
        check_seconds(seconds)

"""What the unsubscribe link does, and what it can't do."""

import pytest

from domain import unsubscribe_links
from domain.errors import NotFound
from domain.keyring import Keyring
from domain.statuses import Channel, SuppressionReason
from services.messaging import suppressions, unsubscribing
from services.messaging.unsubscribing import Standing
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
KIM = "kim@example.com"
SUBSCRIBED = Standing(Channel.EMAIL, "k***@example.com", is_suppressed=False, can_undo=False)
UNSUBSCRIBED = Standing(Channel.EMAIL, "k***@example.com", is_suppressed=True, can_undo=True)
FOR_GOOD = Standing(Channel.EMAIL, "k***@example.com", is_suppressed=True, can_undo=False)


@pytest.fixture
def token():
    return unsubscribe_links.token(part(Keyring), Channel.EMAIL, KIM)


def test_unsubscribing_can_be_done_and_undone_any_number_of_times(token):
    for _ in range(2):
        assert unsubscribing.look(token) == SUBSCRIBED
        assert unsubscribing.unsubscribe(token) == unsubscribing.unsubscribe(token) == UNSUBSCRIBED
        assert unsubscribing.look(token) == UNSUBSCRIBED
        assert unsubscribing.undo(token) == unsubscribing.undo(token) == SUBSCRIBED


@pytest.mark.parametrize("reason", [one for one in SuppressionReason if one != "unsubscribed"])
def test_the_link_can_not_undo_other_suppressions(token, reason):
    suppressions.add(Channel.EMAIL, KIM, reason)
    assert unsubscribing.unsubscribe(token) == unsubscribing.undo(token) == FOR_GOOD


def test_a_forged_link_does_nothing(token):
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    for act in (unsubscribing.look, unsubscribing.unsubscribe, unsubscribing.undo):
        with pytest.raises(NotFound):
            act(forged)
    assert suppressions.page() == []

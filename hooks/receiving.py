"""A post from the check of its credential to the answer; the console's test button comes this way, too."""

import time

from domain.errors import FieldProblem, InvalidInput, NotAuthenticated
from hooks.senders import SENDERS
from hooks.senders.base import Sender
from services.hooks import hooks
from services.hooks.exchange import ACCEPTED, Answer, Incoming, Kind, Outcome, outcome_of

UNKNOWN = Sender()
"""Answers for a hook that does not exist, so that nobody learns of which type it is."""


def ask(hook_id: str, incoming: Incoming) -> Answer:
    """Take a post and return its answer; waits for the database only."""
    sender = UNKNOWN
    try:
        found = hooks.secrets_of(hook_id)
        if found is None:
            return UNKNOWN.answer(Outcome(Kind.FORGED))
        hook, secrets = found
        sender = SENDERS[hook.type]
        now = time.time()
        if not any(sender.is_genuine(incoming, secret, now) for secret in secrets):
            raise NotAuthenticated("the credential of a hook is wrong")
        if incoming.method not in sender.methods:
            raise InvalidInput(FieldProblem("method", f"must be one of {', '.join(sender.methods)}"))
        sender.take(hook, incoming)
    except Exception as error:  # noqa: BLE001 - every error has its answer in the sender's shape
        return sender.answer(outcome_of(error, hook_id))
    return sender.answer(ACCEPTED)

"""The fallback of a new verification: what the caller asks for, checked, and its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.destinations import Destination
from domain.errors import FieldProblem, InvalidDestination, InvalidInput
from domain.fallback import FIELD, MOST_STEPS, WAITING, Chain, GivenStep, Step, check_seconds, planned
from domain.statuses import MessageStatus
from models import VerificationStep
from services import typed
from services.codes import default_chains
from services.limits import send_limits
from services.steps import Carrier, Steps, StepView
from services.storage.transactions import change

NO_CHAIN: Chain = {}


def steps_of(given: Sequence[GivenStep], first: Destination, purpose: str) -> tuple[Step, ...]:
    """Return the steps in the order in which they are taken; `first` is where the code goes at once.

    Raises InvalidInput, InvalidDestination and CountryNotAllowed, which all name the field `fallback`.
    """
    if not given:
        return ()
    if len(given) > MOST_STEPS:
        raise InvalidInput(FieldProblem(FIELD, f"must have at most {MOST_STEPS} steps"))
    steps = [_checked(one, first) for one in given]
    is_timed = all(one.after_seconds is not None for one in steps)
    return tuple(planned(steps, NO_CHAIN if is_timed else default_chains.of(purpose)))


def _checked(given: GivenStep, first: Destination) -> Step:
    seconds = None if given.after_seconds is None else check_seconds(given.after_seconds)
    if given.to is None:
        if given.channel is not first.channel:
            raise InvalidInput(FieldProblem(FIELD, f"needs a `to` for the channel {given.channel}"))
        return Step(first, seconds)
    try:
        destination = typed.destination(given.channel, given.to)
        send_limits.ensure_country(destination)
    except InvalidDestination as error:
        raise type(error)(f"`to` of {given.channel} {error.problems[0].message}", FIELD) from None
    return Step(destination, seconds)


@dataclass(frozen=True, slots=True)
class FirstSend:
    """What the steps of a new verification follow."""

    verification_id: str
    destination: Destination
    message_id: str
    at: datetime


def rows(first: FirstSend, steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a new verification's steps, the first send first."""
    yield _row(first.verification_id, 0, Step(first.destination, None)) | {
        "at": first.at,
        "message_id": first.message_id,
    }
    for number, step in enumerate(steps, 1):
        due_at = first.at + timedelta(seconds=step.after_seconds or 0) if number == 1 else None
        yield _row(first.verification_id, number, step) | {"due_at": due_at}


def _row(verification_id: str, number: int, step: Step) -> dict[str, Any]:
    return {
        "verification_id": verification_id,
        "number": number,
        "channel": step.destination.channel.value,
        "to": step.destination.to,
        "canonical": step.destination.canonical,
        "after_seconds": step.after_seconds,
        "due_at": None,
        "at": None,
        "message_id": None,
        "reason": None,
    }


def note_resent(session: Session, verification_id: str, message_id: str) -> None:
    """Note the newest message of the first send; the caller commits."""
    first = (VerificationStep.verification_id == verification_id, VerificationStep.number == 0)
    change(session, update(VerificationStep).where(*first).values(message_id=message_id))


def first_views(first: FirstSend, steps: Sequence[Step]) -> Steps:
    """Return the steps as they are after the first send, without reading them back."""
    queued = MessageStatus.QUEUED.value
    channel, to = first.destination.channel.value, first.destination.to
    sent = StepView(channel, to, queued, None, first.at, Carrier(first.message_id, queued))
    waiting = (
        StepView(one.destination.channel.value, one.destination.to, WAITING, one.after_seconds)
        for one in steps
    )
    return (sent, *waiting)

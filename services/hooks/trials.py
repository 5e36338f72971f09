"""Try a hook: post what its server would post, inside this process, to a destination that somebody typed."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import mask
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.hooks import HookType
from services import typed
from services.audit import trail
from services.audit.trail import Actor
from services.hooks import hooks
from services.hooks.exchange import Answer, Incoming
from services.process.parts import part
from services.storage.transactions import transaction

Ask = Callable[[str, Incoming], Answer]
Sample = Callable[["Trial", str], Incoming]
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """What is posted: a code to a destination, as the server would at this time."""

    to: str
    code: str
    at: datetime
    id: str


class Trials:
    """The door's own way in, so that the console can post to a hook without importing the door."""

    def __init__(self, ask: Ask, samples: Mapping[HookType, Sample]):
        self.ask = ask
        self.samples = samples


def post(hook_id: str, to: str, *, by: Actor) -> Answer:
    """Post the kind of body that the hook's server sends, with its signature, and return what the hook answers.

    `to`: for alerts it is not needed, because the hook has its own destinations. Raises NotFound and InvalidInput.
    """
    found = hooks.secrets_of(hook_id)
    if found is None:
        raise NotFound("no such hook, or it is switched off")
    hook, known = found
    if not known:
        raise InvalidInput(FieldProblem("secret", "can't be read: rotate it"))
    is_alert = hook.type is HookType.ALERTMANAGER
    destination = "" if is_alert else typed.destination_of_any_channel(to).to

    def note(session: Session) -> None:
        after = {} if is_alert else {"destination": mask(destination)}
        trail.note(session, by, Action.HOOK_TESTED, hook.name, subject_id=hook.id, after=after)

    transaction(note)
    code = str(secrets.randbelow(10**DIGITS)).zfill(DIGITS)
    trial = Trial(destination, code, datetime.now(UTC), secrets.token_hex(16))
    trials = part(Trials)
    return trials.ask(hook_id, trials.samples[hook.type](trial, known[0]))


def said(answer: Answer) -> str:
    """Return the body of an answer as people read it: JSON on one line, at most 500 characters."""
    try:
        return json.dumps(json.loads(answer.body), ensure_ascii=False)[:500]
    except ValueError:
        return answer.body[:500]

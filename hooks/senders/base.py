"""What all servers' protocols share: a secret in a header, JSON, an answer with a status. Each file changes its own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hooks import credentials
from services.hooks import deliveries
from services.hooks.exchange import Answer, Delivery, Incoming, Outcome
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Sender:
    """One server's protocol."""

    methods: ClassVar[Sequence[str]] = ("POST",)

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the post was made with this secret; `now` in Unix seconds."""
        return credentials.in_any_header(incoming, secret)

    def take(self, hook: HookView, incoming: Incoming) -> None:
        """Queue what was posted; raises what `deliveries.send` does."""
        deliveries.send(hook, self.read(hook, incoming))

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return what is to be sent; raises InvalidInput."""
        raise NotImplementedError

    def answer(self, outcome: Outcome) -> Answer:
        """Return what the server is told."""
        body = {} if outcome.is_good else {"error": outcome.kind.value, "message": outcome.said}
        return json_answer(outcome, body)

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post as the server would make it."""
        raise NotImplementedError


def json_answer(outcome: Outcome, body: Mapping[str, Any], status: int | None = None) -> Answer:
    """Return a JSON answer with the outcome's status, or another one."""
    return Answer(status or outcome.status, json.dumps(body), headers=outcome.headers)


def json_post(body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
    """Return a JSON post with these headers."""
    return Incoming(headers={"content-type": "application/json", **headers}, body=json.dumps(body).encode())

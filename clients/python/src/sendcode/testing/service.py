"""The service in memory: finds the call for a request, and answers it or what a test has scripted."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sendcode.conversation import Answer, Failure, Request
from sendcode.testing.broadcasts import Broadcasts
from sendcode.testing.clock import Clock, times
from sendcode.testing.messages import Messages, Sent
from sendcode.testing.problems import Problem
from sendcode.testing.stats import counted
from sendcode.testing.verifications import Verifications
from sendcode.testing.webhooks import Webhooks

Route = tuple[str, str, int, Callable[..., Any]]


@dataclass
class _Script:
    call: str
    left: int
    outcome: Answer | Failure


@dataclass
class _First:
    request: tuple[str, str, bytes | None]
    answer: Answer = field(repr=False)


class FakeService:
    """Verifications, messages, broadcasts and webhooks in memory. Nothing is sent, and only the cool-down counts."""

    def __init__(self, *, cooldown_seconds: int = 60, attempts: int = 5, ttl_seconds: int = 300) -> None:
        self.clock = Clock()
        self.sent: list[Sent] = []
        self.codes: dict[str, str] = {}
        self.messages = Messages(self.clock, self.sent)
        self.verifications = Verifications(self.messages, self.codes)
        self.verifications.cooldown_seconds = cooldown_seconds
        self.verifications.attempts = attempts
        self.verifications.ttl_seconds = ttl_seconds
        self.broadcasts = Broadcasts(self.messages)
        self.webhooks = Webhooks(self.clock)
        self._scripts: list[_Script] = []
        self._firsts: dict[str, _First] = {}
        self._routes = [
            (method, re.compile(re.sub("{id}", "([^/]+)", path)), status, call)
            for method, path, status, call in self._calls()
        ]

    def script(
        self,
        status: int,
        code: str,
        call: str = "",
        times: int = 1,
        *,
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Answer the next calls whose path has `call` in it with a problem; status 0: not at all."""
        problem = Problem(status, code, retry_after=retry_after, extra=extra)
        self._scripts.append(_Script(call, times, problem.answer() if status else Failure("ConnectError")))

    def answer(self, request: Request) -> Answer | Failure:
        """Answer one request; a repeated Idempotency-Key gets the first answer."""
        path = request.url.partition("/api/v1")[2]
        for script in self._scripts:
            if script.left and script.call in path:
                script.left -= 1
                return script.outcome
        key, same = request.headers.get("Idempotency-Key"), (request.method, path, request.content)
        first = self._firsts.get(key) if key else None
        if first is not None:
            reused = Problem(422, "idempotency_key_reused").answer()
            return first.answer if first.request == same else reused
        answer = self._call(request.method, path, dict(request.query), _body(request))
        if key and answer.status != 429:
            self._firsts[key] = _First(same, answer)
        return answer

    def _call(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        for verb, pattern, status, call in self._routes:
            match = pattern.fullmatch(path)
            if match and verb == method:
                try:
                    answer = call(*match.groups(), **query, **body)
                except Problem as problem:
                    return problem.answer()
                return Answer(status, {}, json.dumps(answer, default=times).encode() if answer else b"")
        return Problem(404, "not_found").answer()

    def _calls(self) -> list[Route]:
        """Return every call: method, path, status, what does it."""
        codes, messages, broadcasts, hooks = (
            self.verifications,
            self.messages,
            self.broadcasts,
            self.webhooks,
        )
        return [
            ("POST", "/verifications", 202, codes.issue),
            ("POST", "/verifications/check", 200, codes.check_newest),
            ("GET", "/verifications/{id}", 200, codes.get),
            ("POST", "/verifications/{id}/check", 200, codes.check),
            ("POST", "/verifications/{id}/resend", 202, codes.resend),
            ("POST", "/verifications/{id}/next-channel", 202, codes.next_channel),
            ("POST", "/verifications/{id}/cancel", 200, codes.cancel),
            ("POST", "/messages", 202, messages.send),
            ("GET", "/messages", 200, messages.list),
            ("GET", "/messages/{id}", 200, messages.get),
            ("POST", "/messages/{id}/cancel", 200, messages.cancel),
            ("POST", "/messages/{id}/resend", 202, messages.resend),
            ("POST", "/broadcasts", 202, broadcasts.start),
            ("POST", "/broadcasts/csv", 202, broadcasts.start_from_file),
            ("GET", "/broadcasts/{id}", 200, broadcasts.get),
            ("POST", "/broadcasts/{id}/pause", 200, broadcasts.pause),
            ("POST", "/broadcasts/{id}/resume", 200, broadcasts.resume),
            ("POST", "/broadcasts/{id}/cancel", 200, broadcasts.cancel),
            ("GET", "/stats", 200, self._stats),
            ("POST", "/webhooks", 201, hooks.add),
            ("GET", "/webhooks", 200, hooks.list),
            ("GET", "/webhooks/{id}", 200, hooks.get),
            ("PATCH", "/webhooks/{id}", 200, hooks.edit),
            ("DELETE", "/webhooks/{id}", 204, hooks.remove),
            ("POST", "/webhooks/{id}/rotate", 200, hooks.rotate),
            ("POST", "/webhooks/{id}/test", 202, hooks.test),
            ("GET", "/webhooks/{id}/deliveries", 200, hooks.deliveries),
            ("POST", "/webhooks/{id}/replay", 202, hooks.replay),
        ]

    def _stats(self, days: str = "7") -> dict[str, Any]:
        return counted(self.clock.now(), int(days), self.messages.records, self.verifications.records)


def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("Content-Type") == "text/csv":
        return {"file": request.content or b""}
    body: dict[str, Any] = json.loads(request.content or b"{}")
    return body

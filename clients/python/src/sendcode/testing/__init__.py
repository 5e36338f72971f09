"""A fake for your tests: the same clients, with a service in memory that knows every code.

fake = FakeSendcode()
verification = fake.verifications.issue("sms", "+8613800138000")
assert fake.verifications.check(verification.id, fake.code(verification.id)).valid
"""

from sendcode.clients import AsyncSendcode, Sendcode
from sendcode.conversation import Answer, Failure, Request
from sendcode.testing.messages import Sent
from sendcode.testing.service import FakeService

__all__ = ["AsyncFakeSendcode", "FakeSendcode", "FakeService", "Sent"]
_URL = "http://sendcode.test"


class _Transport:
    def __init__(self, service: FakeService) -> None:
        self._service = service

    def send(self, request: Request) -> Answer | Failure:
        return self._service.answer(request)

    def close(self) -> None:
        """Nothing is open."""


class _AsyncTransport:
    def __init__(self, service: FakeService) -> None:
        self._service = service

    async def send(self, request: Request) -> Answer | Failure:
        return self._service.answer(request)

    async def close(self) -> None:
        """Nothing is open."""


class _Known:
    """What only tests may know and do; the same for both fakes."""

    service: FakeService

    @property
    def sent(self) -> list[Sent]:
        """What was sent, oldest first."""
        return self.service.sent

    def code(self, verification_id: str) -> str:
        """Return the code of a verification. Raises KeyError for an unknown one."""
        return self.service.codes[verification_id]

    def limit(self, name: str, *, retry_after: int = 60, times: int = 1, call: str = "") -> None:
        """Answer the next `times` calls with LimitExceeded; `call` is a part of the path, such as "/check"."""
        extra = {"limit": name}
        self.service.script(429, "limit_exceeded", call, times, retry_after=retry_after, extra=extra)

    def refuse(self, status: int, code: str, *, times: int = 1, call: str = "") -> None:
        """Answer the next `times` calls with another problem."""
        self.service.script(status, code, call, times)

    def break_down(self, *, times: int = 1, call: str = "") -> None:
        """Give no answer to the next `times` tries. One is not noticed, because the client tries again."""
        self.service.script(0, "", call, times)

    def travel(self, seconds: float) -> None:
        """Move the clock of the service."""
        self.service.clock.travel(seconds)


class FakeSendcode(_Known, Sendcode):
    """A `Sendcode` that calls nobody. Retries move its clock and do not sleep."""

    def __init__(self, service: FakeService | None = None) -> None:
        self.service = service or FakeService()
        clock = self.service.clock
        transport = _Transport(self.service)
        super().__init__(_URL, "sc_test_fake", transport=transport, sleep=clock.sleep, now=clock.monotonic)


class AsyncFakeSendcode(_Known, AsyncSendcode):
    """An `AsyncSendcode` that calls nobody. Retries move its clock and do not sleep."""

    def __init__(self, service: FakeService | None = None) -> None:
        self.service = service or FakeService()
        clock = self.service.clock
        transport = _AsyncTransport(self.service)
        super().__init__(
            _URL, "sc_test_fake", transport=transport, sleep=clock.sleep_async, now=clock.monotonic
        )

"""Requests for tasks, by whomever they were sent, that show their arguments in no event, log or answer to `inspect`."""

from typing import Any

from celery.worker.request import Request

from services.delivery.quiet_tasks import HIDDEN


class QuietRequest(Request):  # type: ignore[misc]
    """A task that a worker was asked to run; the sender's text of its arguments is dropped."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._argsrepr = self._kwargsrepr = HIDDEN
        self._request_dict.update(argsrepr=HIDDEN, kwargsrepr=HIDDEN)  # reports of failures read these

    def info(self, safe: bool = False) -> dict[str, Any]:
        """Describe the task for `inspect`, and so for Flower, without its arguments."""
        described: dict[str, Any] = super().info(safe=True)
        return described

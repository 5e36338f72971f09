"""The consumer of `celery -A tasks.celery worker`: no message and no refusal of the broker ends it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer
from kombu import Connection

from domain.task_headers import FIRED
from services.delivery import broker_guard, task_messages
from services.delivery.broker_guard import dropped

log = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15.0


class SteadyConsumer(Consumer):  # type: ignore[misc]
    """Drops what is no task; where the broker refuses a command, tries again, and the drain polls meanwhile."""

    def __init__(self, *arguments: Any, **options: Any):
        self._pause = FIRST_PAUSE_SECONDS
        super().__init__(*arguments, **options)

    def ensure_connected(self, conn: Connection) -> Connection:
        """Return the connection, connected and guarded."""
        broker_guard.guard(conn)
        return super().ensure_connected(conn)

    def create_task_handler(self, *arguments: Any, **options: Any) -> Callable[[Any], None]:
        """Return Celery's handler, which gets only tasks that can run."""
        take = super().create_task_handler(*arguments, **options)

        def received(message: Any) -> None:
            self._pause = FIRST_PAUSE_SECONDS
            why = self._fault(message)
            if why is None:
                take(message)
                return
            dropped(why)
            message.reject_log_error(log, self.connection_errors)

        return received

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop a message whose content can't be read; on AMQP it may not even be a kombu message yet."""
        dropped(type(exc).__name__)
        if hasattr(message, "ack_log_error"):
            message.ack_log_error(log, self.connection_errors)
        elif not getattr(message, "acknowledged", False):
            message.channel.basic_reject(message.delivery_tag, requeue=False)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Wait before connecting again where the broker refuses a command, or the next try would follow at once."""
        if isinstance(exc, self.channel_errors) and not isinstance(exc, self.connection_errors):
            log.error(
                "the broker refuses what a worker needs (%s: %s); the worker polls, and asks again in %.0f s",
                type(exc).__name__,
                str(exc).partition("\n")[0][:200],
                self._pause,
            )
            time.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        super().on_connection_error_after_connected(exc)

    def _fault(self, message: Any) -> str | None:
        if task_messages.size_of(message.body) > task_messages.LARGEST_BODY:
            return "body too large"
        try:
            payload = message.payload
        except Exception as error:  # noqa: BLE001 - whatever the decoder of a content type raises
            return type(error).__name__
        headers = message.headers
        is_fired = isinstance(headers, dict) and headers.get(FIRED) is True
        return task_messages.fault(headers, payload, self.app.tasks, is_fired=is_fired)

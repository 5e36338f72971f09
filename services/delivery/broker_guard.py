"""Keep a worker's connection to the broker alive, whatever somebody puts into a queue.

Celery and kombu let an error in the envelope of a message end the worker: text that is no JSON, a list instead of an
object, headers of the wrong type. On Redis the message may be gone by then, or it comes back and ends the next worker.
"""

import logging
from collections.abc import Callable
from typing import Any

from kombu import Connection
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)
Callback = Callable[..., Any]


def guard(connection: Connection) -> None:
    """Drop messages that make their receiver fail, with one line in the log, on this connection from now on.

    What the broker itself reports, a lost connection or a missing permission, still goes to Celery, which reconnects.
    """
    transport = connection.transport
    serious = (*connection.connection_errors, *connection.channel_errors)
    if hasattr(transport, "_deliver"):  # kombu's own queues, as on Redis; AMQP has no envelope of its own
        transport._deliver = _or_dropped(transport._deliver, serious)
        transport.Channel = _steady(transport.Channel)
    create_channel = transport.create_channel

    def create(at: Any) -> Any:
        channel = create_channel(at)
        _guard_consumers(channel, serious)
        return channel

    transport.create_channel = create


def dropped(why: str) -> None:
    """Log that a message is not one of our tasks; `why` must hold nothing of its body."""
    log.warning("dropped a message that is not one of our tasks: %s", why)


def _or_dropped(deliver: Callback, serious: tuple[type[BaseException], ...]) -> Callback:
    def delivered(*arguments: Any) -> Any:
        try:
            return deliver(*arguments)
        except serious:
            raise
        except Exception as error:  # noqa: BLE001 - see the docstring of the module
            dropped(type(error).__name__)
            return None

    return delivered


def _guard_consumers(channel: Any, serious: tuple[type[BaseException], ...]) -> None:
    consume = channel.basic_consume

    def guarded(
        queue: str, *arguments: Any, no_ack: bool = False, callback: Callback | None = None, **options: Any
    ) -> Any:
        def received(message: Any) -> Any:
            try:
                return callback(message) if callback else None
            except serious:
                raise
            except Exception as error:  # noqa: BLE001 - see the docstring of the module
                dropped(type(error).__name__)
                if not no_ack:
                    _reject(channel, message)
                return None

        return consume(queue, *arguments, no_ack=no_ack, callback=received, **options)

    channel.basic_consume = guarded


def _reject(channel: Any, message: Any) -> None:
    """Tell the broker that the message is done with, unless its receiver did so before it failed."""
    if not getattr(message, "acknowledged", False):
        channel.basic_reject(message.delivery_tag, requeue=False)


def _steady(kind: type[Any]) -> type[Any]:
    """Return a kind of channel that takes text for what it is, nothing, where it should be JSON."""
    if not hasattr(kind, "_brpop_read"):
        return kind

    class Channel(kind):  # type: ignore[misc]
        def _brpop_read(self, **options: Any) -> Any:
            try:
                return super()._brpop_read(**options)
            except (ValueError, RecursionError) as error:
                if isinstance(error, ResponseError):
                    raise
                dropped(type(error).__name__)
                return True

    return Channel

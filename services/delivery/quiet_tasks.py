"""A Celery application whose tasks show their arguments nowhere: they may be codes and destinations.

Celery writes the arguments as text into the headers of messages; Flower, `celery events` and reports of failures show
that text.
"""

from typing import Any

import celery

HIDDEN = "(hidden)"
"""Not empty: Celery would show the arguments themselves instead."""
REQUEST = "services.delivery.quiet_requests:QuietRequest"
"""What a worker makes of a message. By name, because only a worker needs it and its import takes long."""


class Celery(celery.Celery):  # type: ignore[misc]
    """See the module."""

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Send a task by name; `delay` and `apply_async` end here, too."""
        return super().send_task(name, *args, **{"argsrepr": HIDDEN, "kwargsrepr": HIDDEN, **options})

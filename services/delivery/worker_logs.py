"""Keep message bodies that other sites queue out of the worker's logs: they may hold a code or an address."""

import logging

SPEAKERS = ("celery.worker.consumer.consumer", "celery.worker.consumer.connection")
POOL = "celery.pool"


class WithoutBodies(logging.Filter):
    """Celery logs the whole body of a message that it can't use; this shortens it to one line without the body."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten such a record; let every record through."""
        if isinstance(record.msg, str) and "message body" in record.msg:
            record.msg, record.args = "dropped a message that is not one of our tasks: %s", (_cause(record),)
            record.exc_info = record.exc_text = None
        return True


def keep_bodies_out() -> None:
    """Apply to this process, once."""
    logging.getLogger(POOL).setLevel(logging.INFO)  # at DEBUG it prints the arguments of every task
    for name in SPEAKERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, WithoutBodies) for one in logger.filters):
            logger.addFilter(WithoutBodies())


def _cause(record: logging.LogRecord) -> str:
    error = record.args[0] if isinstance(record.args, tuple) and record.args else None
    if isinstance(error, KeyError):  # an unknown task; its argument is the name
        return f"unknown task {str(error.args[0])[:100]!r}"
    return type(error).__name__

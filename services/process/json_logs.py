"""The log as JSON lines (`LOG_FORMAT=json`) in every process: web, worker, beat, commands.

gunicorn's own lines are written by serving/gunicorn_logs.py, because its master process doesn't call `create_app()`.
"""

import logging
import os
import sys
import threading
from functools import partial
from types import TracebackType
from typing import Any

from celery import Celery, signals
from flask import Flask

from domain import tracing
from domain.log_lines import JsonLines, LogFormat

log = logging.getLogger(__name__)
STDERR = 2


class Trace(logging.Filter):
    """Adds the ids of the trace that is going on; that of the request is in the record: see `request_ids`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add them; let every record through."""
        record.__dict__.update(tracing.current().log_ids())
        return True


def init_app(app: Flask, celery: Celery) -> None:
    """Write JSON from now on, if the settings say so; records go where they went before."""
    if app.config["LOG_FORMAT"] != LogFormat.JSON:
        return
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    write_json(root)
    logging.captureWarnings(True)
    sys.excepthook = _note_end
    threading.excepthook = _note_end_of_thread
    signals.after_setup_logger.connect(_of_celery)
    signals.after_setup_task_logger.connect(_of_celery)
    signals.celeryd_init.connect(_of_worker)
    celery.Beat = partial(_beat, celery)


def write_json(logger: logging.Logger) -> None:
    """Let the handlers of this logger write JSON."""
    for handler in logger.handlers:
        handler.setFormatter(JsonLines())
        if not any(isinstance(one, Trace) for one in handler.filters):
            handler.addFilter(Trace())


def _of_celery(logger: logging.Logger, **_: Any) -> None:
    write_json(logger)


def _of_worker(instance: Any, **_: Any) -> None:
    """Print no banner, and no texts outside the log at the end."""
    instance.quiet = True
    sys.modules["celery.apps.worker"].safe_say = _say  # type: ignore[attr-defined]


def _beat(celery: Celery, **options: Any) -> Any:
    return celery.subclass_with_self("celery.apps.beat:Beat")(**{**options, "quiet": True})


def _say(text: str, *_: Any) -> None:
    """Say what Celery says in a handler of a signal, where logging could wait for its own lock."""
    record = logging.LogRecord("celery.worker", logging.WARNING, __file__, 0, text, None, None)
    os.write(STDERR, f"{JsonLines().format(record)}\n".encode())


def _note_end(kind: type[BaseException], error: BaseException, way: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, way)
    else:
        log.critical("ended by an error", exc_info=(kind, error, way))


def _note_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "unknown"
        log.error("the thread %s was ended by an error", name, exc_info=ended.exc_value)

"""gunicorn's own log as JSON lines; `gunicorn.conf.py` names this class if LOG_FORMAT is json."""

from typing import Any

from gunicorn.glogging import Logger

from domain.log_lines import JsonLines


class JsonLogger(Logger):  # type: ignore[misc]
    """Writes to the same places as gunicorn's logger."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, at the start and at each reload, then replace the formats."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(JsonLines())

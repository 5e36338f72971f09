"""Traces and metrics by OpenTelemetry, for TELEMETRY=1; imported only then, by `create_app()`."""

import os
from collections.abc import Mapping

from flask import Flask

from domain import tracing
from services.telemetry import export, requests
from services.telemetry.spans import Telemetry

PREFIX = "OTEL_"


def init_app(app: Flask, environ: Mapping[str, str]) -> None:
    """Tell of the work of this process. `environ`: with the `OTEL_*` settings of `.env`.

    Raises ConfigurationError.
    """
    for name, value in environ.items():
        if name.startswith(PREFIX):
            os.environ.setdefault(name, value)  # the SDK reads them there and nowhere else
    export.check(os.environ)
    telemetry = Telemetry(export.kit)
    tracing.use(telemetry)
    requests.init_app(app, telemetry)

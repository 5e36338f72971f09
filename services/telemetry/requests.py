"""A span and a duration of each request. Named by its route: a path may hold a token, a query a destination."""

import time
from typing import NamedTuple

from flask import Flask, Response, g, request
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.telemetry.spans import Telemetry, note_error

UNTOLD = {"/healthz", "/readyz", "/metrics", "/static/<path:filename>"}
"""Routes that are asked all the time."""
NO_ROUTE = "no route"
_propagator = TraceContextTextMapPropagator()


class Going(NamedTuple):
    """The request that is being answered."""

    span: Span
    mark: object
    began: float
    labels: dict[str, str | int]


def init_app(app: Flask, telemetry: Telemetry) -> None:
    """Surround every request of `app`; called before anything else is bound to it, so that it begins first."""

    def begin() -> None:
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        if route in UNTOLD:
            return
        labels: dict[str, str | int] = {"http.request.method": _method(), "http.route": route}
        span = telemetry.kit.tracer.start_span(
            f"{_method()} {route}",
            context=_propagator.extract(request.headers, Context()),
            kind=SpanKind.SERVER,
            attributes=labels,
        )
        g.going = Going(span, attach(set_span_in_context(span)), time.monotonic(), labels)

    def note(response: Response) -> Response:
        going: Going | None = g.get("going")
        if going:
            going.labels["http.response.status_code"] = response.status_code
        return response

    def end(error: BaseException | None) -> None:
        going: Going | None = g.pop("going", None)
        if going is None:
            return
        status = going.labels.get("http.response.status_code", 500)
        going.span.set_attribute("http.response.status_code", status)
        if error is not None or int(status) >= 500:
            note_error(going.span, type(error).__name__ if error else str(status))
        detach(going.mark)  # type: ignore[arg-type]
        going.span.end()
        telemetry.kit.requests.record(time.monotonic() - going.began, going.labels)

    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(end)


def _method() -> str:
    return request.method if request.method in METHODS else "_OTHER"


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Of others a client could make up as many as it likes."""

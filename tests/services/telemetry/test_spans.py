"""One trace from the click to the gateway's answer."""

from collections import Counter

from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import event

from domain import tracing
from domain.gateway_errors import GatewayError, TemporaryGatewayError
from exts import db
from models import Message
from services.delivery import worker
from services.figures import gauges
from tests.api.conftest import NUMBER

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def named(spans, start):
    found = [one for one in spans.get_finished_spans() if one.name.startswith(start)]
    assert found, [one.name for one in spans.get_finished_spans()]
    return found[-1]


def values(metrics, name):
    """Return the points of a metric: their attributes, and what they count."""
    data = metrics.get_metrics_data()
    found = [
        (dict(point.attributes), getattr(point, "value", None) or getattr(point, "count", 0))
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    ]
    assert found, name
    return found


def test_a_click_is_one_trace_up_to_the_gateways_answer(telemetry, caller, spans, sms):
    answer = caller.post("/api/v1/verifications", {"channel": "sms", "to": NUMBER}, traceparent=CALLER)
    request, commit = named(spans, "POST "), named(spans, "commit")
    attempt, call, claim = named(spans, "try sms"), named(spans, "gateway "), named(spans, "claim sms")
    assert format(request.context.trace_id, "032x") in CALLER
    assert format(request.parent.span_id, "016x") in CALLER, "the caller's own span is its parent"
    assert {one.context.trace_id for one in (commit, attempt, call)} == {request.context.trace_id}
    commits = [one for one in spans.get_finished_spans() if one.name == "commit"]
    assert attempt.parent.span_id in {one.context.span_id for one in commits}
    assert call.parent.span_id == attempt.context.span_id
    assert (request.kind, attempt.kind, call.kind) == (SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.CLIENT)
    assert claim.context.trace_id != request.context.trace_id
    assert [link.context.span_id for link in claim.links] == [attempt.parent.span_id]
    assert claim.attributes["messaging.batch.message_count"] == 1
    assert request.name == "POST /api/v1/verifications"
    assert request.attributes["http.response.status_code"] == 202
    assert dict(attempt.attributes) == {
        "messaging.message.id": answer.json["message"]["id"],
        "sendcode.channel": "sms",
        "sendcode.try": 1,
        "sendcode.status": "sent",
        "sendcode.gateway": "memory-sms",
    }
    assert call.status.status_code is StatusCode.UNSET


def test_the_place_in_the_trace_is_kept_in_the_row(telemetry, app, caller, spans):
    message = caller.verify()["message"]["id"]
    with app.app_context():
        kept = db.session.get(Message, message).traceparent
    attempt = named(spans, "try sms")
    assert kept.startswith(f"00-{attempt.context.trace_id:032x}-{attempt.parent.span_id:016x}-")
    assert len(kept) == tracing.TRACEPARENT_LENGTH


def test_no_span_or_metric_has_a_destination_a_code_or_a_text(telemetry, caller, spans, metrics, sms, mails):
    sms.failures.append(TemporaryGatewayError(f"no route to {NUMBER}"))
    mails.failures.append(GatewayError("ada.lovelace@example.org is unknown"))
    sent = caller.verify()
    caller.verify("ada.lovelace@example.org")
    caller.post(f"/api/v1/verifications/{sent['id']}/check", {"code": "135790"})
    caller.get(f"/api/v1/messages?to={NUMBER}")
    caller.get("/api/v1/nothing-like-this/ada.lovelace@example.org")
    told = "".join(one.to_json() for one in spans.get_finished_spans()) + metrics.get_metrics_data().to_json()
    for secret in ("13800138000", "lovelace", "135790", caller.key, sent["id"]):
        assert secret not in told
    refused = [
        one for one in spans.get_finished_spans() if one.attributes.get("error.type") == "GatewayError"
    ]
    assert refused[-1].name == "gateway memory-mail"
    assert refused[-1].status.status_code is StatusCode.ERROR
    assert not any(one.events for one in spans.get_finished_spans())


def test_each_try_is_a_span_of_the_same_trace(telemetry, app, caller, spans, sms, monkeypatch):
    sms.failures.append(TemporaryGatewayError("later"))
    caller.verify()
    with app.app_context():
        db.session.execute(db.update(Message).values(due_at=Message.created_at))
        db.session.commit()
        worker.drain_now()
    tries = [one for one in spans.get_finished_spans() if one.name == "try sms"]
    assert [one.attributes["sendcode.try"] for one in tries] == [1, 2]
    assert [one.attributes["sendcode.status"] for one in tries] == ["queued", "sent"]
    assert len({one.context.trace_id for one in tries}) == 1


def test_requests_of_monitors_and_of_unknown_paths(telemetry, client, spans):
    client.get("/healthz")
    assert spans.get_finished_spans() == ()
    client.get("/ada/lovelace")
    client.open("/", method="LOVELACE")
    assert {one.name for one in spans.get_finished_spans()} == {"GET no route", "_OTHER no route"}


def test_an_error_of_ours_is_a_failed_span_without_its_text(telemetry, app, client, spans):
    def broken():
        raise ValueError("135790")

    app.add_url_rule("/broken", view_func=broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/broken").status_code == 500
    request = named(spans, "GET /broken")
    assert request.status.status_code is StatusCode.ERROR
    assert request.attributes["http.response.status_code"] == 500
    assert "135790" not in request.to_json()


def test_what_is_counted(telemetry, app, caller, metrics, sms):
    telemetry.watch(lambda: gauges.of(app))
    sms.failures.append(GatewayError("never"))
    caller.verify()
    caller.verify("+8613900139000")
    of_sms = {"sendcode.channel": "sms", "sendcode.gateway": "memory-sms"}
    data = {name: values(metrics, name) for name in ["sendcode.tries"]}
    assert sorted(data["sendcode.tries"], key=str) == sorted(
        [({**of_sms, "sendcode.status": "failed"}, 1), ({**of_sms, "sendcode.status": "sent"}, 1)], key=str
    )
    assert sorted(values(metrics, "sendcode.gateway.duration"), key=str) == sorted(
        [(of_sms, 1), ({**of_sms, "error.type": "GatewayError"}, 1)], key=str
    )
    route = {"http.request.method": "POST", "http.route": "/api/v1/verifications"}
    assert ({**route, "http.response.status_code": 202}, 2) in values(metrics, "http.server.request.duration")
    assert ({"channel": "sms", "status": "sent"}, 1) in values(metrics, "sendcode.messages")
    assert ({}, 0) in values(metrics, "sendcode.workers")


def test_a_click_takes_the_same_statements_as_without(telemetry, app, caller):
    seen = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    caller.verify("+8613900139009")
    always = {}  # without those of caches, which are read once in a while
    for number in range(8):
        is_on = number % 2 == 0
        tracing.use(telemetry) if is_on else tracing.use()
        seen.clear()
        caller.verify(f"+861390013900{number}")
        inserts = [one for one in seen if one.startswith("INSERT INTO message ")]
        assert ["traceparent" in one for one in inserts] == [is_on]
        told = Counter("INSERT" if one in inserts else one for one in seen)
        always[is_on] = always.get(is_on, told) & told
    assert always[True] == always[False]
    assert always[True].total() > 5

"""/api/v1/webhooks"""

from dataclasses import asdict
from typing import Any

from flask import g, request

from api.schemas import webhooks as wire
from api.schemas.fields import Nothing
from api.subject import Subject, owner
from services.audit.trail import Actor
from services.keys.key_owners import Scope
from services.webhooks import deliveries, endpoints
from services.webhooks.deliveries import DeliveryView, Page, Range
from services.webhooks.endpoint_views import EndpointView
from services.webhooks.endpoints import Made

blueprint = Subject(
    "webhooks",
    __name__,
    scope=Scope.WEBHOOKS,
    description="Events, posted to your program as they happen, signed after Standard Webhooks 1.0. An endpoint hears "
    "of what its own key does; `gateway.…` and `guard.closed` only if its list names them.",
)
LOCATION = {"Location": {"description": "The webhook.", "schema": {"type": "string"}}}


@blueprint.post("")
@blueprint.arguments(wire.NewWebhook(), example=wire.NEW_EXAMPLE)
@blueprint.response(
    201, wire.MadeWebhook(), description="Created", example=wire.MADE_EXAMPLE, headers=LOCATION
)
@blueprint.doc(operationId="addWebhook")
def add(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a webhook

    The answer has its secret, which is never shown again. Whatever happens after this answer is told.
    """
    made = endpoints.create(**body, owner=owner().id, by=_actor())
    return _with_secret(made), blueprint.location(made.endpoint.id)


@blueprint.get("")
@blueprint.response(200, wire.Webhooks(), example=wire.LIST_EXAMPLE)
@blueprint.doc(operationId="listWebhooks")
def index() -> dict[str, list[EndpointView]]:
    """List the webhooks of this key

    Newest first, without their secrets.
    """
    return {"webhooks": endpoints.list_all(owner().id)}


@blueprint.get("/<id:webhook_id>")
@blueprint.response(200, wire.Webhook(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="getWebhook")
def show(webhook_id: str) -> EndpointView:
    """Get a webhook

    404 for one that another key made.
    """
    return endpoints.get(webhook_id, owner().id)


@blueprint.route("/<id:webhook_id>", methods=["PATCH"])
@blueprint.arguments(wire.Changes(), example={"enabled": True})
@blueprint.response(200, wire.Webhook(), example=wire.EXAMPLE)
@blueprint.alt_response(400, "BAD_REQUEST")
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@blueprint.doc(operationId="editWebhook")
def edit(body: dict[str, Any], webhook_id: str) -> EndpointView:
    """Change a webhook, or switch it off or on

    What is left out stays as it is.
    """
    return endpoints.edit(webhook_id, **body, owner=owner().id, by=_actor())


@blueprint.route("/<id:webhook_id>", methods=["DELETE"])
@blueprint.response(204, description="Removed")
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="removeWebhook")
def remove(webhook_id: str) -> None:
    """Remove a webhook

    Its deliveries are removed with it.
    """
    endpoints.remove(webhook_id, owner=owner().id, by=_actor())


@blueprint.post("/<id:webhook_id>/rotate")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.MadeWebhook(), example=wire.MADE_EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="rotateWebhook")
def rotate(_: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Give a webhook a new secret

    For 24 hours every event is signed with both secrets.
    """
    return _with_secret(endpoints.rotate(webhook_id, owner=owner().id, by=_actor()))


@blueprint.post("/<id:webhook_id>/test")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(202, wire.Delivery(), description="Accepted", example=wire.DELIVERY_EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="testWebhook")
def test(_: dict[str, Any], webhook_id: str) -> DeliveryView:
    """Post a test event

    Its type is `webhook.test`, whatever the list of events says. 409 while the webhook is switched off.
    """
    return deliveries.send_test(webhook_id, owner=owner().id, by=_actor())


@blueprint.get("/<id:webhook_id>/deliveries")
@blueprint.arguments(wire.Chosen(), location="query")
@blueprint.response(200, wire.Deliveries(), example=wire.PAGE_EXAMPLE)
@blueprint.alt_response(400, "BAD_REQUEST")
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@blueprint.doc(operationId="listDeliveries")
def history(query: dict[str, Any], webhook_id: str) -> Page:
    """List deliveries

    Newest first, with what the endpoint answered last.
    """
    return deliveries.page(webhook_id, **query, owner=owner().id)


@blueprint.post("/<id:webhook_id>/replay")
@blueprint.arguments(wire.Replay(), required=False, example=wire.REPLAY_EXAMPLE)
@blueprint.response(202, wire.Replayed(), description="Accepted", example=wire.REPLAYED_EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="replayDeliveries")
def replay(body: dict[str, Any], webhook_id: str) -> dict[str, int]:
    """Post deliveries again

    With the same `webhook-id`; the newest 10,000 at most. 409 while the webhook is switched off.
    """
    return {"replayed": deliveries.replay(webhook_id, Range(**body), owner=owner().id, by=_actor())}


def _with_secret(made: Made) -> dict[str, Any]:
    return {**asdict(made.endpoint), "secret": made.secret}


def _actor() -> Actor:
    """Return the key as the audit names it."""
    return Actor(None, f"API key {g.caller.id}", request.remote_addr)

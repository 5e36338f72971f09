"""/api/v1/broadcasts"""

from typing import Any

from api.schemas import broadcasts as wire
from api.schemas.fields import Nothing
from api.subject import Subject, owner
from services.keys.key_owners import Scope
from services.messaging import broadcast_views, broadcasts
from services.messaging.broadcast_views import BroadcastView
from services.messaging.broadcasts import Accepted, Request

LONGEST_BODY = 8 * 1024 * 1024
blueprint = Subject(
    "broadcasts",
    __name__,
    scope=Scope.MESSAGES,
    longest_body=LONGEST_BODY,
    description="The same to up to 10,000 recipients a call; never before a code. A body may have 8 MiB here.",
)
LOCATION = {"Location": {"description": "The broadcast.", "schema": {"type": "string"}}}


@blueprint.post("")
@blueprint.arguments(wire.NewBroadcast(), example=wire.NEW_EXAMPLE)
@blueprint.response(
    202, wire.Accepted(), description="Accepted", example=wire.ACCEPTED_EXAMPLE, headers=LOCATION
)
@blueprint.doc(operationId="startBroadcast")
def start(body: dict[str, Any]) -> tuple[Accepted, dict[str, str]]:
    """Send to many

    Bad recipients are rejected by their place in the list; all others get it. Who has unsubscribed is `suppressed`.
    """
    accepted = broadcasts.start(Request(**body), owner())
    return accepted, blueprint.location(accepted.id)


@blueprint.get("/<broadcast_id>")
@blueprint.response(200, wire.Broadcast(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="getBroadcast")
def show(broadcast_id: str) -> BroadcastView:
    """Count a broadcast's messages by status"""
    return broadcast_views.get(broadcast_id, owner())


@blueprint.post("/<broadcast_id>/pause")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example={**wire.EXAMPLE, "status": "paused"})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="pauseBroadcast")
def pause(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Start no more of its messages

    What a worker has already is sent. 409 where nothing is left.
    """
    return broadcasts.pause(broadcast_id, owner())


@blueprint.post("/<broadcast_id>/resume")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="resumeBroadcast")
def resume(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Go on with a paused broadcast"""
    return broadcasts.resume(broadcast_id, owner())


@blueprint.post("/<broadcast_id>/cancel")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example={**wire.EXAMPLE, "status": "canceled"})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="cancelBroadcast")
def cancel(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Take back what no worker has yet

    409 where everything has been sent.
    """
    return broadcasts.cancel(broadcast_id, owner())

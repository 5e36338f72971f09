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
    takes_time=True,
    description="One text to up to 10,000 recipients per call; codes always go first. Bodies may have up to 8 MiB.",
)
LOCATION = {"Location": {"description": "The broadcast.", "schema": {"type": "string"}}}


@blueprint.post("")
@blueprint.arguments(wire.NewBroadcast(), example=wire.NEW_EXAMPLE)
@blueprint.response(
    202, wire.Accepted(), description="Accepted", example=wire.ACCEPTED_EXAMPLE, headers=LOCATION
)
@blueprint.doc(operationId="startBroadcast")
def start(body: dict[str, Any]) -> tuple[Accepted, dict[str, str]]:
    """Start a broadcast

    Invalid recipients are rejected, each with its index in the list; all others get the message. Recipients who have
    unsubscribed are rejected as `suppressed`.
    """
    accepted = broadcasts.start(Request(**body), owner())
    return accepted, blueprint.location(accepted.id)


@blueprint.get("/<id:broadcast_id>")
@blueprint.response(200, wire.Broadcast(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="getBroadcast")
def show(broadcast_id: str) -> BroadcastView:
    """Get a broadcast, with its messages counted by status

    The counts are those of this moment; `accepted` and `rejected` are those of the call.
    """
    return broadcast_views.get(broadcast_id, owner())


@blueprint.post("/<id:broadcast_id>/pause")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example={**wire.EXAMPLE, "status": "paused"})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="pauseBroadcast")
def pause(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Pause a broadcast

    Messages that a worker has already claimed are still sent. 409 if it is done or canceled.
    """
    return broadcasts.pause(broadcast_id, owner())


@blueprint.post("/<id:broadcast_id>/resume")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="resumeBroadcast")
def resume(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Resume a paused broadcast

    Its deadline moves by the length of the pause. 409 if it is done or canceled.
    """
    return broadcasts.resume(broadcast_id, owner())


@blueprint.post("/<id:broadcast_id>/cancel")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Broadcast(), example={**wire.EXAMPLE, "status": "canceled"})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="cancelBroadcast")
def cancel(_: dict[str, Any], broadcast_id: str) -> BroadcastView:
    """Cancel the messages that no worker has claimed

    409 if everything has been sent.
    """
    return broadcasts.cancel(broadcast_id, owner())

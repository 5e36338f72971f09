"""/api/v1/messages"""

from typing import Any

from api.schemas import messages as wire
from api.schemas.fields import Nothing
from api.subject import Subject, owner
from services.keys.key_owners import Scope
from services.messaging import message_views, messages
from services.messaging.message_views import Filter, MessageView, Page
from services.messaging.messages import Request

blueprint = Subject(
    "messages",
    __name__,
    scope=Scope.MESSAGES,
    description="Notices to one destination each; the list includes the messages that carry codes.",
)
LOCATION = {"Location": {"description": "The message.", "schema": {"type": "string"}}}


@blueprint.post("")
@blueprint.arguments(wire.NewMessage(), example=wire.NEW_EXAMPLE)
@blueprint.response(202, wire.Message(), description="Accepted", example=wire.EXAMPLE, headers=LOCATION)
@blueprint.doc(operationId="sendMessage")
def send(body: dict[str, Any]) -> tuple[MessageView, dict[str, str]]:
    """Send a message

    Answers at once; a worker hands the message over, at `send_at` if that is given.
    """
    return _made(messages.send(Request(**body), owner()))


@blueprint.get("")
@blueprint.arguments(wire.Chosen(), location="query")
@blueprint.response(200, wire.Messages(), example=wire.PAGE_EXAMPLE)
@blueprint.alt_response(400, "BAD_REQUEST")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@blueprint.doc(operationId="listMessages")
def index(query: dict[str, Any]) -> Page:
    """List messages, newest first

    Those that this key made; messages that carry codes are among them.
    """
    limit, cursor = query.pop("limit"), query.pop("cursor")
    return message_views.page(owner(), Filter(**query), limit=limit, cursor=cursor)


@blueprint.get("/<id:message_id>")
@blueprint.response(200, wire.Message(), example=wire.EXAMPLE)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="getMessage")
def show(message_id: str) -> MessageView:
    """Get a message

    With its status now; a delivery report may still change `sent`.
    """
    return message_views.get(message_id, owner())


@blueprint.post("/<id:message_id>/cancel")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(200, wire.Message(), example={**wire.EXAMPLE, "status": "canceled", "result": -1})
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="cancelMessage")
def cancel(_: dict[str, Any], message_id: str) -> MessageView:
    """Cancel a message

    409 if a worker has already claimed it, or if it carries a code.
    """
    return messages.cancel(message_id, owner())


@blueprint.post("/<id:message_id>/resend")
@blueprint.arguments(Nothing(), required=False)
@blueprint.response(202, wire.Message(), description="Accepted", example=wire.EXAMPLE, headers=LOCATION)
@blueprint.alt_response(404, "NOT_FOUND")
@blueprint.doc(operationId="resendMessage")
def resend(_: dict[str, Any], message_id: str) -> tuple[MessageView, dict[str, str]]:
    """Resend a settled message

    The copy is a new message with its own id. 409 if the first is still under way, or if it carries a code.
    """
    return _made(messages.resend(message_id, owner()))


def _made(view: MessageView) -> tuple[MessageView, dict[str, str]]:
    return view, blueprint.location(view.id)

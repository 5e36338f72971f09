"""Messages of Twilio's older interface: one SMS each. Codes of verifications are not among them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain import twilio_sids
from domain.errors import NotFound
from domain.statuses import Channel
from domain.twilio_callbacks import ERRORS, VERSION, status_word
from domain.twilio_sids import MESSAGE
from services.keys.key_owners import Scope
from services.messaging import message_views, messages
from services.messaging.message_views import Filter, MessageView
from services.messaging.messages import Request
from twilio_api.door import Door, account_sid, owner
from twilio_api.errors import Refused, Words
from twilio_api.forms import Fields, form, query
from twilio_api.literal import as_text
from twilio_api.wire import place, rfc2822, uris

blueprint = Door(
    "messages",
    __name__,
    prefix=f"/{VERSION}/Accounts/<account>",
    scope=Scope.MESSAGES,
    words=Words(
        invalid=20001,
        country=(400, 21408),
        conflict=(409, 30409),
        fields={
            "to": 21211,
            "To": 21211,
            "text": 21617,
            "send_at": 35114,
            "SendAt": 35114,
            "status_callback": 21609,
        },
        names={"to": "To", "text": "Body", "send_at": "SendAt", "status_callback": "StatusCallback"},
    ),
)
NO_TO, NO_BODY, NO_SEND_AT, NOT_FIXED, NOT_FINISHED, NO_MEDIA = 21604, 21602, 35111, 35126, 20009, 21620


@blueprint.post("/Messages.json")
def create() -> tuple[dict[str, Any], int]:
    """Queue an SMS."""
    fields = form()
    text = _text(fields)
    view = messages.send(_request(fields, text), owner())
    sender = fields.text("From")
    service = fields.text("MessagingServiceSid")
    return {**_wire(view), "body": text, "from": sender, "messaging_service_sid": service}, 201


@blueprint.get("/Messages.json")
def index() -> dict[str, Any]:
    """List SMS, newest first."""
    asked = query()
    here = place(asked)
    page = message_views.page(owner(), _filter(asked), limit=here.size, cursor=here.token)
    listed = [_wire(one) for one in page.messages]
    return {"messages": listed, **uris(here, len(listed), page.next_cursor)}


@blueprint.get("/Messages/<message>.json")
def fetch(message: str) -> dict[str, Any]:
    """Show an SMS."""
    return _wire(_one(message))


@blueprint.post("/Messages/<message>.json")
def update(message: str) -> dict[str, Any]:
    """Cancel an SMS that is not sent yet, or erase what a settled one said."""
    fields = form()
    one = _one(message)
    if fields.text("Status") == "canceled":
        return _wire(messages.cancel(one.id, owner()))
    if "Body" not in fields or fields.text("Body") or fields.text("Status"):
        raise Refused(400, 20001, "Only Status=canceled and an empty Body are supported")
    if one.result is None:
        raise Refused(400, NOT_FINISHED, "The message can't be redacted before it has been sent")
    return {**_wire(messages.erase(one.id, owner())), "body": ""}


def _text(fields: Fields) -> str:
    for name in ("MediaUrl", "ContentSid", "ContentVariables"):
        if name in fields:
            raise Refused(400, NO_MEDIA, f"{name} is not supported: give the text in Body")
    text = fields.text("Body")
    if text is None or not text.strip():
        raise Refused(400, NO_BODY, "Message body is required.")
    return text


def _request(fields: Fields, text: str) -> Request:
    to = fields.text("To")
    if to is None:
        raise Refused(400, NO_TO, "A 'To' phone number is required.")
    own = as_text(text)
    return Request(
        channel=Channel.SMS,
        to=to,
        text=own.text,
        params=own.params,
        send_at=_send_at(fields),
        status_callback=fields.text("StatusCallback"),
    )


def _send_at(fields: Fields) -> datetime | None:
    kind, at = fields.text("ScheduleType"), fields.time("SendAt")
    if kind not in (None, "fixed") or (at is not None and kind is None):
        raise Refused(400, NOT_FIXED, "ScheduleType must be fixed")
    if kind == "fixed" and at is None:
        raise Refused(400, NO_SEND_AT, "SendAt timestamp is missing")
    return at


def _filter(asked: Fields) -> Filter:
    day, since, before = asked.time("DateSent"), asked.time("DateSent>"), asked.time("DateSent<")
    if day is not None:
        since = datetime(day.year, day.month, day.day, tzinfo=UTC)
        before = since + timedelta(days=1)
    return Filter(
        channel=Channel.SMS, to=asked.text("To"), sent_from=since, sent_before=before, has_codes=False
    )


def _one(message: str) -> MessageView:
    id = twilio_sids.read(MESSAGE, message)
    if id is None:
        raise NotFound("no such message")
    found = message_views.get(id, owner())
    if found.verification_id is not None or found.channel != Channel.SMS:
        raise NotFound("it is of a verification, or no SMS")
    return found


def _wire(view: MessageView) -> dict[str, Any]:
    """Return a message without what it said, which is sealed; only who sent it gets it back, in the first answer."""
    sid = twilio_sids.sid(MESSAGE, view.id)
    path = f"/{VERSION}/Accounts/{account_sid()}/Messages/{sid}"
    error = ERRORS.get(view.status)
    is_planned = view.send_at is not None and view.send_at > datetime.now(UTC)
    return {
        "sid": sid,
        "account_sid": account_sid(),
        "api_version": VERSION,
        "status": status_word(view.status, is_planned=is_planned),
        "body": None,
        "num_segments": str(view.segments),
        "num_media": "0",
        "direction": "outbound-api",
        "from": None,
        "to": view.to,
        "date_created": rfc2822(view.created_at),
        "date_updated": rfc2822(view.settled_at or view.sent_at or view.created_at),
        "date_sent": rfc2822(view.sent_at),
        "price": None,
        "price_unit": None,
        "error_code": error,
        "error_message": (view.error or "Unknown error") if error else None,
        "messaging_service_sid": None,
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }

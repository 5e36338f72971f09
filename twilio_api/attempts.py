"""Verify: the attempts to bring codes to people, and how many of them led to an approval."""

from typing import Any

from domain import twilio_sids
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.statuses import Channel
from domain.twilio_sids import ATTEMPT, VERIFICATION
from services.codes import attempts
from services.codes.attempts import Attempt, Filter
from twilio_api import verify
from twilio_api.door import account_sid, owner, service_sid, url
from twilio_api.forms import Fields, query
from twilio_api.wire import iso, meta, place

blueprint = verify.door("attempts", __name__)
CONVERSIONS = {"converted": True, "unconverted": False}


@blueprint.get("/Attempts")
def index() -> dict[str, Any]:
    """List attempts, newest first."""
    asked = query()
    here = place(asked)
    chosen = _filter(asked)
    if chosen is None:
        return {"attempts": [], "meta": meta("attempts", here, None)}
    page = attempts.page(owner(), chosen, limit=here.size, cursor=here.token)
    return {
        "attempts": [_wire(one) for one in page.attempts],
        "meta": meta("attempts", here, page.next_cursor),
    }


@blueprint.get("/Attempts/<attempt>")
def fetch(attempt: str) -> dict[str, Any]:
    """Show one attempt."""
    id = twilio_sids.read(ATTEMPT, attempt)
    if id is None:
        raise NotFound("no such attempt")
    return _wire(attempts.get(id, owner()))


@blueprint.get("/Attempts/Summary")
def summary() -> dict[str, Any]:
    """Count the attempts."""
    chosen = _filter(query())
    found = attempts.summary(owner(), chosen) if chosen else attempts.Summary(0, 0)
    rate = 100 * found.converted / found.total if found.total else 0
    return {
        "total_attempts": found.total,
        "total_converted": found.converted,
        "total_unconverted": found.total - found.converted,
        "conversion_rate_percentage": f"{rate:.2f}",
        "url": url(f"{verify.PREFIX}/Attempts/Summary"),
    }


def _filter(asked: Fields) -> Filter | None:
    """Return what is asked for, None where it is another service's or can't exist here."""
    status, channel = asked.text("Status"), asked.text("Channel")
    verification, country = asked.text("VerificationSid"), asked.text("Country")
    if status and status not in CONVERSIONS:
        raise InvalidInput(FieldProblem("Status", "must be converted or unconverted"))
    elsewhere = asked.text("VerifyServiceSid") not in (None, service_sid())
    if elsewhere or (channel and channel.lower() not in list(Channel)):
        return None
    if verification and twilio_sids.read(VERIFICATION, verification) is None:
        return None
    return Filter(
        since=asked.time("DateCreatedAfter"),
        until=asked.time("DateCreatedBefore"),
        to=asked.text("ChannelData.To"),
        country=country.upper()[:2] if country else None,
        channel=Channel(channel.lower()) if channel else None,
        verification_id=twilio_sids.read(VERIFICATION, verification) if verification else None,
        is_converted=CONVERSIONS[status] if status else None,
    )


def _wire(one: Attempt) -> dict[str, Any]:
    sid = twilio_sids.sid(ATTEMPT, one.id)
    return {
        "sid": sid,
        "account_sid": account_sid(),
        "service_sid": service_sid(),
        "verification_sid": twilio_sids.sid(VERIFICATION, one.verification_id),
        "date_created": iso(one.created_at),
        "date_updated": iso(one.changed_at),
        "conversion_status": "converted" if one.is_converted else "unconverted",
        "channel": one.channel,
        "price": {"currency": None, "value": None},
        "channel_data": {"to": one.to, "country": one.country, "message_status": one.status},
        "url": url(f"{verify.PREFIX}/Attempts/{sid}"),
    }

"""/api/v1/stats"""

from typing import Any

from api.schemas import stats as wire
from api.subject import Subject, owner
from domain.statuses import MessageStatus
from services.figures import statistics
from services.figures.statistics import Tally
from services.keys.key_owners import Scope

blueprint = Subject("stats", __name__, scope=Scope.READ, description="Counts of messages and codes.")


@blueprint.get("")
@blueprint.arguments(wire.Days(), location="query")
@blueprint.response(200, wire.Statistics(), example=wire.EXAMPLE)
@blueprint.alt_response(400, "BAD_REQUEST")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@blueprint.doc(operationId="getStatistics")
def show(query: dict[str, Any]) -> dict[str, Any]:
    """Get the statistics of this key

    Messages by status and the conversion of codes, by day, channel and gateway.
    """
    found = statistics.of_owner(owner().id, query["days"])
    return {
        "since": found.since,
        "until": found.until,
        "total": _wire(found.total),
        "groups": [
            {"day": group.day, "channel": group.channel, "gateway": group.gateway, **_wire(tally)}
            for group, tally in found.groups
        ],
    }


def _wire(tally: Tally) -> dict[str, Any]:
    return {
        "messages": {status.value: tally.messages.get(status, 0) for status in MessageStatus},
        "verifications": {
            "issued": tally.issued,
            "approved": tally.approved,
            "conversion": tally.conversion,
        },
    }

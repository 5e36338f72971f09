"""Which status changes a delivery report may make."""

from domain.statuses import MessageStatus

MOVES: dict[MessageStatus, frozenset[MessageStatus]] = {
    # a report can be faster than the worker that settles the gateway's answer
    MessageStatus.SENDING: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
    MessageStatus.SENT: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
    # a try whose result was unknown did arrive: it must not be sent again
    MessageStatus.QUEUED: frozenset({MessageStatus.DELIVERED}),
}
"""The reports that are accepted from each status; every other one is late or repeated and changes nothing."""


def statuses_before(report: MessageStatus) -> list[MessageStatus]:
    """Return the statuses from which a report may move a message."""
    return [status for status, reports in MOVES.items() if report in reports]

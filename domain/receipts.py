"""What a delivery report may still change."""

from domain.statuses import MessageStatus

MOVES: dict[MessageStatus, frozenset[MessageStatus]] = {
    # a report can be faster than the worker that writes down what the gateway answered
    MessageStatus.SENDING: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
    MessageStatus.SENT: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
    # a try whose result was unknown did arrive: it must not be sent again
    MessageStatus.QUEUED: frozenset({MessageStatus.DELIVERED}),
}
"""From each status, the reports that are believed; every other one is late or repeated and changes nothing."""


def statuses_before(report: MessageStatus) -> list[MessageStatus]:
    """Return the statuses from which a report may move a message."""
    return [status for status, reports in MOVES.items() if report in reports]

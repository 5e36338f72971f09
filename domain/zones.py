"""Time zones by their IANA names."""

from zoneinfo import ZoneInfo

from domain.errors import FieldProblem, InvalidInput


def parse_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name; raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # "../x"; the folder "America"; unknown
        raise InvalidInput(
            FieldProblem("zone", f"{name!r} is not a time zone: use one like Europe/Berlin or UTC")
        ) from None

"""Statistics of what a key made."""

from sendcode.answers import Statistics
from sendcode.calls import Call, R, Resource, get, operation


class Stats(Resource[R]):
    """`client.stats`"""

    @operation("getStatistics")
    def get(self, *, days: int | None = None) -> Call[Statistics]:
        """Count the last days, today included, in UTC; 7 unless told, 90 at most."""
        return get("/stats", Statistics, days=days)

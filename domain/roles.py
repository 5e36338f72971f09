"""What an administrator may do."""

from enum import StrEnum


class Role(StrEnum):
    """From all to only looking: each may what the next one may, and more."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role may what `needed` may."""
        order = list(Role)
        return order.index(self) <= order.index(needed)

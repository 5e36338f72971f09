"""What an administrator may do."""

from enum import StrEnum


class Role(StrEnum):
    """From full access to read-only: each role may do what the next one may, and more."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) <= order.index(needed)

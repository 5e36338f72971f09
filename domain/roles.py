"""What an administrator may do."""

from enum import StrEnum


class Role(StrEnum):
    """From all to only looking."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"

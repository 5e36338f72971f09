"""The owner of a verification, message or broadcast."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """A caller: `key:<id>` for an API key, `session:<id>` for a console session. Only the owner may see and check."""

    id: str
    is_test: bool = False

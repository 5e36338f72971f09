"""Who asked for a verification or a message, as pages tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models import Message, Verification
from services.keys import owners

KEY = "key"


@dataclass(frozen=True, slots=True)
class Asked:
    """`name`: that of the API key, hook or administrator, or the kind of another sender: `session`, `task`."""

    name: str
    key_id: str | None
    """The API key; None where it was none."""
    client_ip: str | None = field(default=None, repr=False)
    """The end user's address, where the caller told it."""
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)


def of_message(row: Message, verification: Verification | None) -> Asked:
    """Return who asked for a message; of one that carries a code, who asked for the code."""
    return _asked(row.owner) if verification is None else of_verification(verification)


def of_verification(row: Verification) -> Asked:
    """Return who asked for a verification."""
    return _asked(row.owner, row.client_ip, row.details)


def _asked(owner: str, client_ip: str | None = None, metadata: Mapping[str, str] | None = None) -> Asked:
    kind, _, id = owner.partition(":")
    return Asked(owners.names([owner])[owner], id if kind == KEY else None, client_ip, metadata or {})

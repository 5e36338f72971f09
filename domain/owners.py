"""The owner of a verification, message or broadcast, and whose limits it uses up."""

from dataclasses import dataclass

ADMINISTRATOR, COMMAND = "administrator", "command"
LIVE = "live"
"""The ledger of all that send to others, who are API keys, queued tasks, hooks, administrators and commands: what
reaches one person counts together."""
_SENDS_FOR_OTHERS = ("key", "task", "hook", ADMINISTRATOR, COMMAND)


@dataclass(frozen=True, slots=True)
class Owner:
    """A caller: `key:<id>` for an API key, `session:<id>` for a console session. Only the owner may see and check."""

    id: str
    is_test: bool = False

    @property
    def kind(self) -> str:
        """What comes before the colon: `key`, `task`, `hook`, `administrator` or `command`, else the part of the
        console it belongs to.
        """
        return self.id.partition(":")[0]

    @property
    def is_console(self) -> bool:
        """Tell whether the console sends for itself, such as the code of a sign-in."""
        return self.kind not in _SENDS_FOR_OTHERS

    @property
    def ledger(self) -> str:
        """Whose limits a send or a wrong code uses up: `live`, a test key's own, or those of one part of the console.

        An API key must not be able to keep an administrator from signing in, nor one page of the console another.
        """
        if self.is_test:
            return self.id
        return self.kind if self.is_console else LIVE


def of_administrator(administrator_id: int) -> Owner:
    """Return the owner of what an administrator sends from the console."""
    return Owner(f"{ADMINISTRATOR}:{administrator_id}")

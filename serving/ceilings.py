"""How long a body may be: looked at while it is received, before anybody asks for a key."""

from collections.abc import Mapping


class Ceilings:
    """The most bytes of a body, by path."""

    def __init__(self, usual: int, longer: Mapping[str, int]):
        """`longer`: more for paths that begin so; of two that fit the longer path counts."""
        self.usual = usual
        self._longer = longer

    def of(self, path: str) -> int:
        """Return the most bytes of a body that is sent to `path`."""
        for start in sorted(self._longer, key=len, reverse=True):
            if path == start or path.startswith(f"{start}/"):
                return self._longer[start]
        return self.usual

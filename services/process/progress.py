"""Progress of long work: it calls a given function with what is done so far, as often as it likes."""

from collections.abc import Callable, Mapping

Tell = Callable[[Mapping[str, int]], None]
"""Takes how many of each kind are done; it must be quick and must not raise."""


def silently(_: Mapping[str, int]) -> None:
    """Report nothing."""

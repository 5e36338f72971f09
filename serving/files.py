"""Room for connections: each is a file, and most systems let a process begin with 1,024."""

from contextlib import suppress

from serving.patience import MOST_CONNECTIONS

try:
    import resource
except ImportError:  # Windows, which counts no sockets as files
    resource = None  # type: ignore[assignment]

WANTED = 4 * MOST_CONNECTIONS


def allow_more() -> None:
    """Raise the number of files that this process may open, as far as the system lets it."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

"""Which paths belong to programs: those of the API, and the hooks."""

from flask import request

FIRST_PARTS = {"api", "healthz", "readyz", "metrics", "receipts", "hooks"}


def is_ours() -> bool:
    """Tell whether the path of the current request belongs to the API or a hook, even if no route matches."""
    return request.path.split("/", 2)[1] in FIRST_PARTS

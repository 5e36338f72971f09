"""Which paths belong to the API."""

from flask import request

FIRST_PARTS = {"api", "healthz", "readyz", "metrics", "receipts"}


def is_ours() -> bool:
    """Tell whether the path of the current request belongs to the API, even if no route matches."""
    return request.path.split("/", 2)[1] in FIRST_PARTS

"""Which addresses belong to this door."""

from flask import request

FIRST_PARTS = {"api", "healthz", "readyz", "metrics", "receipts"}


def is_ours() -> bool:
    """Tell whether the current request is one for the API, known or not."""
    return request.path.split("/", 2)[1] in FIRST_PARTS

"""Green pools as parameters of a test."""

import os
from importlib.util import find_spec

import pytest

GREEN = [
    pytest.param(
        kind,
        marks=pytest.mark.skipif(
            os.environ.get("CI") != "true" and find_spec(kind) is None, reason=f"{kind} is not installed here"
        ),
    )
    for kind in ("gevent", "eventlet")
]
"""Both kinds. Skipped where `dev.py test` could not install one, but never in CI."""

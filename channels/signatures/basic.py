"""HTTP basic authentication (RFC 7617)."""

import base64


def basic(name: str, password: str) -> str:
    """Return the header `Authorization`."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()

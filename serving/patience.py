"""How long a server waits for a client. Numbers of nginx and gunicorn, made smaller: our requests are small."""

HEADER_SECONDS = 10.0
"""From the first byte of a request, or from the connection, to the end of its headers."""
BODY_SECONDS = 20.0
"""From the first byte of a request to the end of a body of the usual length."""
SLOWEST_BYTES_PER_SECOND = 50_000
"""What a longer body is given more time for."""
LINGER_SECONDS = 2.0
"""How long what a client still sends is thrown away after a refusal: a close at once could destroy the answer."""
STOP_SECONDS = 10.0
"""How long a stopping server finishes what it has."""
STOP_PARTIAL_SECONDS = 2.0
"""How long it waits for the rest of a request that has begun to arrive."""
STOP_IDLE_SECONDS = 0.5
"""How long it leaves kept connections open, on which a client may be sending already."""
MOST_CONNECTIONS = 1000


def body_seconds(length: int) -> float:
    """Return how long a body of that length may take."""
    return BODY_SECONDS + length / SLOWEST_BYTES_PER_SECOND

"""What the head of a PNG file says (RFC 2083): is it one, and how large is the picture?"""

import struct

_START = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">4sII")


def size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None for anything but a PNG file with a picture in it."""
    if not content.startswith(_START) or not content.rstrip(b"\x00").endswith(b"IEND\xaeB`\x82"):
        return None
    kind, width, height = _HEAD.unpack_from(content, len(_START) + 4)
    return (width, height) if kind == b"IHDR" and width and height else None

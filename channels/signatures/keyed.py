"""A hash or an HMAC with every choice that providers make: algorithm, key, encoding."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

from channels.signatures import webhooks

ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")

ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "HEX": lambda digest: digest.hex().upper(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}
"""How a digest is written."""


class Digest:
    """A plain hash where `key` is None, else an HMAC."""

    def __init__(self, algorithm: str, encoding: str = "hex", key: bytes | None = None):
        # begun once and copied: OpenSSL takes longer to find an algorithm than to sign a request
        self._begun = (
            # Providers ask for MD5 and SHA-1; as a signature over a secret they are theirs to choose.
            hashlib.new(algorithm, usedforsecurity=False)
            if key is None
            else hmac.new(key, digestmod=algorithm)
        )
        self.encoding = encoding

    def of(self, data: bytes) -> str:
        """Return the digest of `data`."""
        digest = self._begun.copy()
        digest.update(data)
        return ENCODINGS[self.encoding](digest.digest())


def decoded_key(text: str, form: str) -> bytes:
    """Return a key that is written as `text`, `hex`, `base64` or `whsec`. Raises ValueError where it is not."""
    if form == "whsec":
        if not (key := webhooks.key(text)):
            raise ValueError("is empty")  # anybody could sign with it
        return key
    if form == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ValueError("is not base64") from None
    return bytes.fromhex(text) if form == "hex" else text.encode()

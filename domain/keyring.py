"""The keys behind codes: hash what is compared, seal what must be read again, and record which key was used."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from domain.errors import SendcodeError

_NONCE_BYTES = 12  # NIST SP 800-38D 8.2: 96 bits


class Unreadable(SendcodeError):
    """Raised when something sealed was changed, belongs to another row, or its key was removed."""

    code = "unreadable"


class Keyring:
    """Keys, newest first: the first one hashes and seals, the others can still verify and open."""

    def __init__(self, secrets: list[str]):
        self._hash_keys = {key_id(secret): _derive(secret, b"hash") for secret in secrets}
        self._boxes = {key_id(secret): AESGCM(_derive(secret, b"seal")) for secret in secrets}
        self._links = [AESSIV(_derive(secret, b"link")) for secret in secrets]
        self.newest = key_id(secrets[0])
        self.ids = tuple(self._hash_keys)

    def hash(self, text: str, *, key: str | None = None) -> bytes:
        """Return the HMAC-SHA256 of `text`; raises Unreadable where the key was removed.

        Six digits under an unkeyed hash are cracked in two seconds, so the key must not be in the database.
        """
        secret = self._hash_keys.get(key or self.newest)
        if secret is None:
            raise Unreadable("the key of this hash is no longer in CODE_PEPPER")
        return hmac.digest(secret, text.encode(), "sha256")

    def seal(self, data: bytes, *, row: str) -> bytes:
        """Return `data` encrypted with AES-GCM, readable only together with the id of its row."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.newest.encode() + nonce + self._boxes[self.newest].encrypt(nonce, data, row.encode())

    def open(self, sealed: bytes, *, row: str) -> bytes:
        """Return what was sealed for this row; raises Unreadable."""
        start = len(self.newest)
        box = self._boxes.get(sealed[:start].decode("ascii", "replace"))
        if box is None:
            raise Unreadable("the key of this sealed text is no longer in CODE_PEPPER")
        nonce, body = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return box.decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable("this sealed text was changed or belongs to another row") from error

    def is_newest(self, sealed: bytes) -> bool:
        """Tell whether the newest key sealed it, so that it outlives the removal of the others."""
        return sealed.startswith(self.newest.encode())

    def seal_link(self, data: bytes, *, use: str) -> bytes:
        """Return `data` encrypted deterministically: the same input gives the same output (AES-SIV, RFC 5297).

        A message that is sent again must not differ from the first copy: a gateway refuses another body under the
        same `Idempotency-Key`. The result is also short: 16 bytes more than `data`.
        """
        return self._links[0].encrypt(data, [use.encode()])

    def open_link(self, sealed: bytes, *, use: str) -> bytes:
        """Return what was sealed for this use, with any of the keys; raises Unreadable."""
        for box in self._links:
            try:
                return box.decrypt(sealed, [use.encode()])
            except (InvalidTag, ValueError):
                continue
        raise Unreadable("this link was changed, is for another use, or its key is no longer in CODE_PEPPER")


def key_id(secret: str) -> str:
    """Return eight characters that identify a key and reveal nothing of it."""
    return hashlib.sha256(b"sendcode key id " + secret.encode()).hexdigest()[:8]


def _derive(secret: str, use: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"sendcode " + use, "sha256")

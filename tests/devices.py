"""A device with passkeys, in software: what a browser would answer to our options."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(told: str) -> bytes:
    return urlsafe_b64decode(told + "=" * (-len(told) % 4))


@dataclass
class Device:
    """One passkey; `count` None is a device that does not count."""

    origin: str
    count: int | None = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str) -> str:
        """Return the answer to a registration."""
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        key = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        told = self._told(asked["rp"]["id"], HAS_KEY) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        return self._answer(
            attestationObject=text(attestation),
            clientDataJSON=text(self._client("webauthn.create", asked["challenge"])),
            transports=["internal"],
        )

    def get(self, options: str) -> str:
        """Return the answer to a sign-in."""
        asked = json.loads(options)
        assert text(self.id) in [one["id"] for one in asked["allowCredentials"]]
        if self.count is not None:
            self.count += 1
        client, told = self._client("webauthn.get", asked["challenge"]), self._told(asked["rpId"])
        signature = self.key.sign(told + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            authenticatorData=text(told), clientDataJSON=text(client), signature=text(signature)
        )

    def _told(self, site: str, flags: int = 0) -> bytes:
        known = hashlib.sha256(site.encode()).digest()
        return known + bytes([PRESENT | VERIFIED | flags]) + (self.count or 0).to_bytes(4, "big")

    def _client(self, type: str, challenge: str) -> bytes:
        return json.dumps({"type": type, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response: Any) -> str:
        return json.dumps(
            {
                "id": text(self.id),
                "rawId": text(self.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )

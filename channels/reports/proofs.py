"""What proves that the provider itself sent a report: a token, a header, or a signature."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.options import Options
from channels.placeholders.digests import constant, one_of, read_digest
from channels.placeholders.texts import Names, Text
from channels.reports.incoming import Incoming
from channels.signatures.basic import basic
from domain.errors import ForgedReceipt

TOLERANCE = timedelta(minutes=5)
SEPARATORS = re.compile(r"[ ,]+")
MOST_SIGNATURES = 8
"""In one request: while a key is changed there are two."""
MILLISECONDS = 100_000_000_000
"""A number from here on is milliseconds: as seconds it would be the year 5138."""

Check = Callable[[bytes, str], bool]
"""Tells whether a signature, as it was sent, is the one of some bytes."""


class Proof(Protocol):
    """One proof."""

    def check(self, incoming: Incoming, now: datetime) -> None:
        """Raise ForgedReceipt unless the request holds the proof."""


class HeaderProof:
    """A header with a value that only the provider knows."""

    def __init__(self, name: str, value: str):
        self._name = name
        self._value = value.encode()

    def check(self, incoming: Incoming, now: datetime) -> None:
        """Compare the header."""
        given = incoming.header(self._name).encode(errors="replace")
        if not hmac.compare_digest(given, self._value):
            raise ForgedReceipt(f"the report's header {self._name} is not the agreed one")


class SignatureProof:
    """A signature over parts of the request.

    Parameters:
        given: the signature as it was sent; several may be separated by commas or spaces, one of them must be right.
        signed: what the provider signs.
        time: when it was signed; None where the provider does not say.
    """

    def __init__(
        self,
        given: Text[Incoming],
        signed: Text[Incoming],
        check: Check,
        *,
        prefix: str = "",
        time: Text[Incoming] | None = None,
    ):
        self._given = given
        self._signed = signed
        self._check = check
        self._prefix = prefix
        self._time = time

    def check(self, incoming: Incoming, now: datetime) -> None:
        """Check the age and the signature."""
        if self._time is not None and not _is_fresh(self._time.fill(incoming), now):
            raise ForgedReceipt("the report is older than five minutes, or does not say when it was signed")
        signed = self._signed.fill(incoming).encode(errors="surrogateescape")
        given = [one for one in SEPARATORS.split(self._given.fill(incoming)) if one]
        candidates = [one.removeprefix(self._prefix) for one in given if one.startswith(self._prefix)]
        candidates = candidates[:MOST_SIGNATURES]
        if not any(self._check(signed, one) for one in candidates):
            raise ForgedReceipt("the report is not signed, or wrongly signed")


def read_proofs(options: Options, names: Names[Incoming]) -> list[Proof]:
    """Read the tables `header`, `basic` and `signature` of `receipts`. Raises ConfigurationError."""
    proofs: list[Proof] = []
    if table := options.table("header"):
        proofs.append(HeaderProof(constant(table, "name", names), constant(table, "equals", names)))
        table.finish()
    if table := options.table("basic"):
        expected = basic(constant(table, "username", names), constant(table, "password", names))
        proofs.append(HeaderProof("Authorization", expected))
        table.finish()
    if table := options.table("signature"):
        proofs.append(_signature(table, names))
        table.finish()
    return proofs


def _signature(options: Options, names: Names[Incoming]) -> SignatureProof:
    place = "field" if options.has("field") else "header"
    signed, time = options.text("of"), options.text("time", "")
    if time and not _covers(signed, time):
        raise options.error("time", "must be part of `of`, or anybody could change it")
    return SignatureProof(
        Text(options.place(place), f"{{{place}.{options.text(place)}}}", names),
        Text(options.place("of"), signed, names),
        _check(options, names),
        prefix=options.text("prefix", ""),
        time=Text(options.place("time"), time, names) if time else None,
    )


def _covers(signed: str, time: str) -> bool:
    """Tell whether a time is part of what is signed, itself or as a field of something larger."""
    is_field = time.startswith("{field.")
    return time in signed or (is_field and any(whole in signed for whole in ("{body", "{url}", "{fields.")))


def _check(options: Options, names: Names[Incoming]) -> Check:
    if options.has("ed25519"):
        return _ed25519(options, names)
    return _ecdsa(options, names) if options.has("ecdsa") else _digest(options, names)


def _digest(options: Options, names: Names[Incoming]) -> Check:
    digest = read_digest(options, names)
    fold = str.lower if digest.encoding in ("hex", "HEX") else str

    def check(signed: bytes, given: str) -> bool:
        expected = fold(digest.of(signed))
        return hmac.compare_digest(fold(given).encode(errors="replace"), expected.encode())

    return check


def _ed25519(options: Options, names: Names[Incoming]) -> Check:
    form = one_of(options, "as", ("base64", "hex"), "base64")
    decode = bytes.fromhex if form == "hex" else _base64
    try:
        key = Ed25519PublicKey.from_public_bytes(decode(constant(options, "ed25519", names)))
    except ValueError:
        raise options.error("ed25519", f"must be a public key of 32 bytes, written as {form}") from None

    def check(signed: bytes, given: str) -> bool:
        try:
            key.verify(decode(given), signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _ecdsa(options: Options, names: Names[Incoming]) -> Check:
    problem = options.error("ecdsa", "must be the public key of an elliptic curve, DER written as base64")
    try:
        key = load_der_public_key(_base64(constant(options, "ecdsa", names)))
    except (ValueError, UnsupportedAlgorithm):
        raise problem from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise problem

    def check(signed: bytes, given: str) -> bool:
        try:
            key.verify(_base64(given), signed, ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("is not base64") from None


def _is_fresh(text: str, now: datetime) -> bool:
    """Tell whether a time, in seconds, milliseconds or as RFC 3339, is within five minutes of now."""
    try:
        if re.fullmatch(r"[0-9]{1,13}", text):
            stamp = int(text) / 1000 if int(text) >= MILLISECONDS else int(text)
            return abs(now.timestamp() - stamp) <= TOLERANCE.total_seconds()
        at = datetime.fromisoformat(text)
        return at.tzinfo is not None and abs(now - at) <= TOLERANCE
    except (ValueError, OverflowError):
        return False

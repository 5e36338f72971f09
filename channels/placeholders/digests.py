"""The keys that describe a digest: `hash` or `hmac`, `key`, `key_as`, `as`."""

from typing import Any

from channels.options import Options
from channels.placeholders.texts import Names, Text
from channels.signatures.keyed import ALGORITHMS, ENCODINGS, Digest, decoded_key

KEY_FORMS = ("text", "hex", "base64", "whsec")


def read_digest(options: Options, names: Names[Any]) -> Digest:
    """Read a digest. Raises ConfigurationError."""
    kind = "hmac" if options.has("hmac") else "hash"
    algorithm = one_of(options, kind, ALGORITHMS)
    encoding = one_of(options, "as", tuple(ENCODINGS), "hex")
    return Digest(algorithm, encoding, _key(options, names) if kind == "hmac" else None)


def one_of(options: Options, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
    """Read a text that must be one of some words."""
    given = options.text(key, default)
    if given not in choices:
        raise options.error(key, f"must be one of {', '.join(choices)}")
    return given


def constant(options: Options, key: str, names: Names[Any], default: str | None = None) -> str:
    """Read a text that may contain `{keys.…}` but nothing that depends on a message."""
    # not strict: a secret may hold braces
    text = Text(options.place(key), options.text(key, default), names, strict=False)
    if text.constant is None:
        raise options.error(key, "may contain {keys.…} only: it is read at the start")
    if not text.constant and default is None:
        raise options.error(key, "must not be empty")
    return text.constant


def _key(options: Options, names: Names[Any]) -> bytes:
    form = one_of(options, "key_as", KEY_FORMS, "text")
    try:
        return decoded_key(constant(options, "key", names), form)
    except ValueError:
        raise options.error("key", f"is not {form}") from None

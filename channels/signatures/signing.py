"""What the signatures of Amazon, Alibaba Cloud and Tencent Cloud share: HMAC-SHA256 over a POST's hash."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def sha256(data: bytes) -> str:
    """Return the hash in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def mac(key: bytes, text: str) -> bytes:
    """Return the HMAC-SHA256 of a text."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Post:
    """The signed parts of a POST: its headers by lower-case names, `path` and `query` as they are sent."""

    headers: Mapping[str, str]
    body_hash: str
    path: str = "/"
    query: str = ""

    @property
    def names(self) -> str:
        """The names of the headers, in order."""
        return ";".join(sorted(self.headers))

    @property
    def hash(self) -> str:
        """The hash of all signed parts."""
        lines = [f"{name}:{self.headers[name].strip()}" for name in sorted(self.headers)]
        whole = ["POST", self.path or "/", self.query, *lines, "", self.names, self.body_hash]
        return sha256("\n".join(whole).encode())


@dataclass(frozen=True, slots=True)
class ScopedKey:
    """A key from which one is derived for each day and service; its prefix is the algorithm's first word."""

    algorithm: str
    id: str
    secret: str = field(repr=False)

    def authorization(self, post: Post, stamp: str, scope: Sequence[str]) -> str:
        """Return the header `Authorization`."""
        key = f"{self.algorithm.partition('-')[0]}{self.secret}".encode()
        for step in scope:
            key = mac(key, step)
        to_sign = "\n".join([self.algorithm, stamp, "/".join(scope), post.hash])
        return (
            f"{self.algorithm} Credential={self.id}/{'/'.join(scope)}, "
            f"SignedHeaders={post.names}, Signature={mac(key, to_sign).hex()}"
        )

"""Alibaba Cloud's signature ACS3-HMAC-SHA256 (alibabacloud.com/help/en/sdk/product-overview, "V3 signature")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from channels.signatures.signing import Post, mac

ALGORITHM = "ACS3-HMAC-SHA256"
BODY_HASH = "x-acs-content-sha256"


def query_string(parameters: Mapping[str, str]) -> str:
    """Return parameters as they are signed and sent: sorted, all but RFC 3986's unreserved characters escaped."""
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(parameters.items()))


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one access key."""

    key_id: str
    secret_key: str = field(repr=False)

    def authorization(self, path: str, query: str, headers: Mapping[str, str]) -> str:
        """Return `Authorization` for a POST with these headers, in lower case; one of them holds the body's hash."""
        post = Post(headers, headers[BODY_HASH], path, query)
        signature = mac(self.secret_key.encode(), f"{ALGORITHM}\n{post.hash}").hex()
        return f"{ALGORITHM} Credential={self.key_id},SignedHeaders={post.names},Signature={signature}"


def _escaped(text: str) -> str:
    return quote(text, safe="~", errors="replace")

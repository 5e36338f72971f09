"""Alibaba Cloud's signature ACS3-HMAC-SHA256 (alibabacloud.com/help/en/sdk/product-overview, "V3 signature")."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def query_string(parameters: Mapping[str, str]) -> str:
    """Return parameters as they are signed, which is also a good query: sorted, all but RFC 3986's plain escaped."""
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(parameters.items()))


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs."""

    key_id: str
    secret_key: str = field(repr=False)

    def authorization(self, path: str, query: str, headers: Mapping[str, str]) -> str:
        """Return `Authorization` of a POST with these headers, named in lower case; its body has its hash in one."""
        names = ";".join(sorted(headers))
        request = "\n".join(
            [
                "POST",
                path or "/",
                query,
                *(f"{name}:{headers[name].strip()}" for name in sorted(headers)),
                "",
                names,
                headers["x-acs-content-sha256"],
            ]
        )
        to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.new(self.secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        return f"{ALGORITHM} Credential={self.key_id},SignedHeaders={names},Signature={signature}"


def _escaped(text: str) -> str:
    return quote(text, safe="~", errors="replace")

"""Tencent Cloud's signature TC3-HMAC-SHA256 (tencentcloud.com/document/api/382/40609)."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

ALGORITHM = "TC3-HMAC-SHA256"
SIGNED = "content-type;host"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for what service."""

    secret_id: str
    secret_key: str = field(repr=False)
    service: str

    def headers(self, host: str, path: str, content_type: str, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a POST without query; `host` as in the header Host, `at` in UTC."""
        stamp, day = str(int(at.timestamp())), at.strftime("%Y-%m-%d")
        scope = f"{day}/{self.service}/tc3_request"
        request = "\n".join(
            [
                "POST",
                path or "/",
                "",
                f"content-type:{content_type}",
                f"host:{host}",
                "",
                SIGNED,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        signature = _hmac(self._key(day), to_sign).hex()
        return {
            "Content-Type": content_type,
            "X-TC-Timestamp": stamp,
            "Authorization": f"{ALGORITHM} Credential={self.secret_id}/{scope}, "
            f"SignedHeaders={SIGNED}, Signature={signature}",
        }

    def _key(self, day: str) -> bytes:
        key = f"TC3{self.secret_key}".encode()
        for step in (day, self.service, "tc3_request"):
            key = _hmac(key, step)
        return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

"""Tencent Cloud's signature TC3-HMAC-SHA256 (tencentcloud.com/document/api/382/40609)."""

from dataclasses import dataclass, field
from datetime import datetime

from channels.signatures.signing import Post, ScopedKey, sha256


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key, for one service."""

    secret_id: str
    secret_key: str = field(repr=False)
    service: str

    def headers(self, host: str, path: str, content_type: str, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a POST without a query; `host` as in the header Host, `at` in UTC."""
        stamp = str(int(at.timestamp()))
        authorization = ScopedKey("TC3-HMAC-SHA256", self.secret_id, self.secret_key).authorization(
            Post({"content-type": content_type, "host": host}, sha256(body), path),
            stamp,
            [at.strftime("%Y-%m-%d"), self.service, "tc3_request"],
        )
        return {"Content-Type": content_type, "X-TC-Timestamp": stamp, "Authorization": authorization}

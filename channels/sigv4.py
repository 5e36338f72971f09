"""Amazon's Signature Version 4 for one POST (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNED = "content-type;host;x-amz-date"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for what service in which region."""

    key_id: str
    secret_key: str = field(repr=False)
    region: str
    service: str

    def headers(self, host: str, path: str, content_type: str, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a POST without query; `host` as in the header Host, `at` in UTC."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        request = "\n".join(
            [
                "POST",
                quote(path or "/", safe="/~"),
                "",
                f"content-type:{content_type}",
                f"host:{host}",
                f"x-amz-date:{stamp}",
                "",
                SIGNED,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        signature = _hmac(self._key(stamp[:8]), to_sign).hex()
        return {
            "Content-Type": content_type,
            "X-Amz-Date": stamp,
            "Authorization": f"{ALGORITHM} Credential={self.key_id}/{scope}, "
            f"SignedHeaders={SIGNED}, Signature={signature}",
        }

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for step in (day, self.region, self.service, "aws4_request"):
            key = _hmac(key, step)
        return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

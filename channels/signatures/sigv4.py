"""Amazon's Signature Version 4 for one POST (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from channels.signatures.signing import Post, ScopedKey, sha256


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key, for one service in one region."""

    key_id: str
    secret_key: str = field(repr=False)
    region: str
    service: str

    def headers(self, host: str, path: str, content_type: str, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a POST without a query; `host` as in the header Host, `at` in UTC."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        signed = {"content-type": content_type, "host": host, "x-amz-date": stamp}
        authorization = ScopedKey("AWS4-HMAC-SHA256", self.key_id, self.secret_key).authorization(
            Post(signed, sha256(body), quote(path, safe="/~")),
            stamp,
            [stamp[:8], self.region, self.service, "aws4_request"],
        )
        return {"Content-Type": content_type, "X-Amz-Date": stamp, "Authorization": authorization}

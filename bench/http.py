"""Codes a second through a gateway of type `http`: with all that gateways.toml can say, and our own interface."""

from collections.abc import Iterator

from bench.house import fill, house, settled_a_second
from bench.http_sink import Sink
from bench.report import Figure, median

OURS = """
[[gateway]]
name = "sink"
type = "http"
channel = "sms"
url = "http://127.0.0.1:{port}/send"
secret = "whsec_c2VjcmV0LW9mLXRoZS1tZWFzdXJlbWVudC1ob3VzZQ=="
"""
DESCRIBED = """
[[gateway]]
name = "sink"
type = "http"
channel = "sms"
url = "http://127.0.0.1:{port}/v1/accounts/{{to.digits}}/messages"
query = {{ version = "2", encoding = "{{coding}}" }}
coding = {{ gsm = "7bit", unicode = "ucs2" }}
receipt_token = "token-of-the-measurement"

[gateway.headers]
X-Nonce = "{{nonce}}"
X-Timestamp = "{{now}}"
X-Signature = "{{sign.whole}}"

[gateway.body]
to = "{{to}}"
from = "{{sender?}}"
text = "{{text}}"
reference = "{{reference}}"
callback = "{{callback?}}"

[gateway.sign.whole]
hmac = "sha256"
key = "secret of the measurement"
of = "{{now}}.{{nonce}}.{{body}}"
as = "base64"

[gateway.success]
json = "code"
equals = [0]

[gateway.errors]
json = "error.code"
later = [500]
rate = ["E429"]
another = ["NO_ROUTE"]
account = ["NO_CREDIT"]
final = ["BAD_NUMBER"]
final_if = {{ json = "error.text", matches = "^bad recipient" }}
otherwise = "another"

[gateway.receipts]
reference = "id"
status = "status"
delivered = ["DELIVERED"]
undelivered = ["UNDELIVERABLE", "EXPIRED"]
"""


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave both; yield the ratio."""
    rounds, count = (1, 100) if quick else (5, 4000)
    ours: list[float] = []
    described: list[float] = []
    for _ in range(rounds):
        ours.append(worker(count, OURS))
        described.append(worker(count, DESCRIBED))
    yield Figure(
        "gateway of type http, everything described / our own interface",
        "codes by SMS claimed, composed, posted and settled a second, solo: path, query, headers, nonce, HMAC over "
        "the body, rules for success, refusals and reports / our own JSON with Standard Webhooks' signature; the same "
        "sink",
        median(described) / median(ours),
        at_least=0.95,
        seen=f"{median(described):,.0f} / {median(ours):,.0f} a second",
    )


def worker(count: int, gateway: str) -> float:
    """Return how many codes per second one worker hands over, from its first to its last."""
    with Sink() as sink, house(PUBLIC_URL="https://codes.example.com") as made:
        (made.folder / "gateways.toml").write_text(gateway.format(port=sink.port), encoding="utf-8")
        fill(made, count, "CODE")
        return settled_a_second(made, count)

"""Proof for reports of providers that sign nothing: a secret token in the URL that only they know."""

import hmac
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.options import Options
from channels.receipts import ReceiptRequest
from domain.errors import FieldProblem, ForgedReceipt, InvalidInput

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
MOST_FIELDS = 20


class ReceiptToken:
    """The key `receipt_token`: reports come to `/receipts/<name>?token=…`; without the key none is accepted.

    A token does not expire: a repeated report is genuine and says the same again.
    """

    def __init__(self, options: Options):
        """Read the key. Raises ConfigurationError."""
        token = options.text("receipt_token", "")
        if token and not TOKEN.fullmatch(token):
            raise options.error("receipt_token", "must be 16 to 128 of A-Z a-z 0-9 _ -")
        self._token = token.encode()
        self.text = token
        """The token itself, for the address that a provider is given; empty where there is none."""

    def prove(self, request: ReceiptRequest) -> None:
        """Raise ForgedReceipt unless the URL that was called contains the token."""
        try:
            given = parse_qs(urlsplit(request.url).query, max_num_fields=MOST_FIELDS).get("token", [""])[0]
        except ValueError:
            given = ""
        if not self._token or not hmac.compare_digest(given.encode(errors="replace"), self._token):
            raise ForgedReceipt("the report's address does not hold the token")


def read_reports(body: bytes) -> list[dict[str, Any]]:
    """Return the objects of a JSON list. Raises InvalidInput where the body is not one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput(FieldProblem("body", "must be a JSON list of objects"))
    return found

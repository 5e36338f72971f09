"""Every `code` of a problem: when it comes, and what a program does then."""

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One line of the table; `text` may have words in backticks."""

    status: int
    code: str
    text: str


ERROR_CODES = (
    ErrorCode(
        400, "bad_request", "The body is no JSON or not UTF-8, or a name occurs twice in it or in the query."
    ),
    ErrorCode(401, "not_authenticated", "There is no key, or it is unknown, revoked or expired."),
    ErrorCode(401, "forged_receipt", "A delivery report is unsigned, wrongly signed or too old."),
    ErrorCode(403, "not_allowed", "The key lacks the scope for this call."),
    ErrorCode(403, "address_not_allowed", "The key has a list of addresses, and the caller's is not on it."),
    ErrorCode(404, "not_found", "There is no such thing, or another key made it."),
    ErrorCode(405, "method_not_allowed", "The path has other methods; `Allow` names them."),
    ErrorCode(409, "conflict", "It has already ended, or is already on its way. Read its status."),
    ErrorCode(409, "no_next_channel", "The fallback of the verification has no step left."),
    ErrorCode(
        409,
        "idempotency_in_flight",
        "The first request with this `Idempotency-Key` has not been answered yet. Repeat it a little later.",
    ),
    ErrorCode(
        413, "request_entity_too_large", "The body has more than 64 KiB; a broadcast 8 MiB, a file 32 MiB."
    ),
    ErrorCode(415, "unsupported_media_type", "The body is not `application/json`."),
    ErrorCode(422, "invalid_input", "`errors` names each field that is wrong."),
    ErrorCode(422, "invalid_destination", "`to` is no single number or address."),
    ErrorCode(422, "country_not_allowed", "SMS to the country of the number are not switched on here."),
    ErrorCode(422, "malformed_code", "What was typed can't be a code. It costs no attempt."),
    ErrorCode(422, "bad_rows", "A file has bad rows, which `errors` lists, and nothing was sent."),
    ErrorCode(
        422,
        "idempotency_key_reused",
        "The `Idempotency-Key` came with another body before. Choose a new one.",
    ),
    ErrorCode(429, "limit_exceeded", "`limit` names the limit. Wait for the seconds of `Retry-After`."),
    ErrorCode(429, "verification_locked", "No attempts are left. Issue a new code."),
    ErrorCode(
        429,
        "destination_locked",
        "Too many wrong codes for this destination today. `Retry-After` has the wait.",
    ),
    ErrorCode(500, "internal_error", "Our fault, and nothing was done. Tell the operators the `request_id`."),
    ErrorCode(503, "not_ready", "Only of `/readyz`: its checks say what keeps codes from being sent."),
    ErrorCode(
        503,
        "unavailable",
        "The database does not answer, and nothing was done. Repeat the call with the same `Idempotency-Key`.",
    ),
)

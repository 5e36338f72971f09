"""Errors on the wire (RFC 9457)."""

from marshmallow import fields

from api.schemas.fields import Answer


class FieldError(Answer):
    """A problem with one field."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class Problem(Answer):
    """An error. `code` is for programs, `detail` for people; values from the request are not repeated."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(
        required=True,
        metadata={"description": "that of the answer's `X-Request-Id`; a replayed answer has the first"},
    )
    errors = fields.List(fields.Nested(FieldError), metadata={"description": "with 422: each invalid field"})
    limit = fields.String(metadata={"description": "with 429: the name of the limit that was hit"})


EXAMPLES = {
    403: {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "code": "address_not_allowed",
        "detail": "the key may not be used from 203.0.113.7",
        "request_id": "5f0c2f0b1c7e4d0f9a3e6b8d2c4a1e70",
    },
    422: {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "invalid_destination",
        "detail": "to: is not one e-mail address",
        "request_id": "5f0c2f0b1c7e4d0f9a3e6b8d2c4a1e70",
        "errors": [{"field": "to", "message": "is not one e-mail address"}],
    },
    429: {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "code": "limit_exceeded",
        "detail": "resend_cooldown reached, retry after 57 s",
        "request_id": "5f0c2f0b1c7e4d0f9a3e6b8d2c4a1e70",
        "limit": "resend_cooldown",
    },
}

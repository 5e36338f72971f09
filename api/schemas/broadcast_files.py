"""Broadcasts from a file on the wire."""

from enum import StrEnum
from typing import Any

from marshmallow import fields

from api.schemas.broadcasts import Accepted, Rejected
from api.schemas.fields import Answer, Choice, Moment, Query, Text, Word
from api.schemas.problems import EXAMPLES, Problem
from domain.sheets import Fault
from domain.statuses import Channel


class Which(StrEnum):
    """Which rows to send to, if some are bad: `all` sends nothing then."""

    ALL = "all"
    GOOD = "good"


class FileQuery(Query):
    """What to send, and to which rows."""

    channel = Choice(Channel, required=True)
    template = Text(64, required=True, metadata={"description": "The name of a template."})
    send = Choice(
        Which,
        load_default=Which.ALL,
        metadata={"description": "`good`: leave bad rows out; `all`: send nothing if there is one."},
    )
    locale = Text(
        35, load_default=None, metadata={"description": "BCP 47; the nearest available language is used."}
    )
    name = Text(100, load_default=None, metadata={"description": "What the console calls the broadcast."})
    send_at = Moment(load_default=None, metadata={"description": "At most 30 days ahead; default: now."})


class RejectedRow(Rejected):
    """A row that gets nothing."""

    index = fields.Integer(
        required=True, metadata={"description": "The index below the row of names, from 0."}
    )
    row = fields.Integer(
        required=True, metadata={"description": "Its number in a spreadsheet; the row of names is 1."}
    )
    column = fields.String(
        required=True, metadata={"description": "The name of its column; empty for the whole row."}
    )
    code = Word(Fault, required=True)


class FileAccepted(Accepted):
    """How many recipients get the broadcast, and which rows were left out."""

    rejected = fields.List(fields.Nested(RejectedRow), required=True)


class FileError(Answer):
    """A bad row, or a problem with one parameter or the file as a whole."""

    row = fields.Integer()
    column = fields.String()
    code = fields.String()
    detail = fields.String()
    field = fields.String()
    message = fields.String()


class FileProblem(Problem):
    """The error of a file: each bad row with `row`, `column`, `code` and `detail`, other faults like everywhere."""

    errors = fields.List(fields.Nested(FileError))


TABLE = "to,name\r\nkim@example.com,Kim\r\nnobody,Lee\r\n"
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": TABLE},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}
_BAD = {"row": 3, "column": "to", "code": "invalid_address", "detail": "is not one e-mail address"}
ACCEPTED_EXAMPLE: dict[str, Any] = {
    "id": "1b0c7d5e9f3a4c2d8e6f7a9b0c1d2e3f",
    "accepted": 1,
    "rejected": [{"index": 1, **_BAD}],
}
PROBLEM_EXAMPLE: dict[str, Any] = {
    **EXAMPLES[422],
    "code": "bad_rows",
    "detail": "file: 1 row is bad, and nothing was sent",
    "errors": [_BAD],
}

"""/api/v1/broadcasts/csv: a broadcast to the recipients in a file."""

import io
from typing import IO, Any

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from api import broadcasts
from api.bodies import raw
from api.problems import MEDIA_TYPE
from api.schemas import broadcast_files as wire
from api.schemas.broadcast_files import Which
from api.subject import Subject, owner
from domain.sheets import HEAD_ROW, BadRow
from services.keys.key_owners import Scope
from services.sheets import sending
from services.sheets.sending import Request

LONGEST_BODY = 32 * 1024 * 1024
"""100,000 rows of 300 bytes."""
FILE = "file"
"""The part of a form that holds the file."""
blueprint = Subject(
    "broadcast_files",
    __name__,
    scope=Scope.MESSAGES,
    path="broadcasts/csv",
    longest_body=LONGEST_BODY,
    takes_time=True,
    description="A template to up to 100,000 recipients in a file of up to 32 MiB.",
)


@blueprint.post("")
@blueprint.arguments(wire.FileQuery(), location="query")
@blueprint.response(
    202,
    wire.FileAccepted(),
    description="Accepted",
    example=wire.ACCEPTED_EXAMPLE,
    headers=broadcasts.LOCATION,
)
@blueprint.alt_response(422, schema=wire.FileProblem(), example=wire.PROBLEM_EXAMPLE, content_type=MEDIA_TYPE)
@blueprint.doc(operationId="startBroadcastFromFile", requestBody=wire.BODY)
def start(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Start a broadcast to the recipients in a file

    The first row names the columns: `to`, and one for each parameter of the template; others are ignored. The file is
    CSV (with `,`, `;` or tabs; in UTF-8, UTF-16, GB 18030 or Windows-1252), or an XLSX workbook in a form. Rows are
    numbered as in a spreadsheet. With `send=all` one bad row is enough to send nothing, and 422 lists the first 10,000;
    with `send=good` they are left out and listed in `rejected`.
    """
    only_good = query.pop("send") is Which.GOOD
    accepted = sending.send(_file(), Request(**query, only_good=only_good), owner())
    answer = {
        "id": accepted.id,
        "accepted": accepted.accepted,
        "rejected": [_rejected(one) for one in accepted.rejected],
    }
    return answer, broadcasts.blueprint.location(accepted.id)


def _file() -> IO[bytes]:
    """Return the body's file; raises UnsupportedMediaType and BadRequest."""
    body = raw(request)
    if request.mimetype == "text/csv":
        return io.BytesIO(body)
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("The body must be text/csv or multipart/form-data.")
    if list(request.files) != [FILE] or request.form:
        raise BadRequest(f"The form must have one part, the file, with the name {FILE}.")
    return request.files[FILE].stream


def _rejected(one: BadRow) -> dict[str, Any]:
    return {
        "index": one.row - HEAD_ROW - 1,
        "row": one.row,
        "column": one.column,
        "code": one.code.value,
        "detail": one.detail,
    }

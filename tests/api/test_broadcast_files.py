"""/api/v1/broadcasts/csv, from the caller's side."""

import io

import pytest

from tests.api.conftest import new_caller, problem
from tests.services.sheets.tables import workbook

URL = "/api/v1/broadcasts/csv"
NOTICE = f"{URL}?channel=email&template=notice"
TABLE = "to,title,text\nkim@example.org,News,Hello\nlee@example.org,News,Hi\n"
ONE_BAD = f"{TABLE}nobody,News,Hello\n"


def post(caller, text, url=NOTICE, kind="text/csv", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.post(url, data=text.encode(), content_type=kind, headers={**caller.headers, **named})


def test_every_row_gets_the_message(caller, mails):
    answer = post(caller, TABLE, f"{NOTICE}&send=all&name=Spring")
    assert answer.status_code == 202, answer.text
    assert answer.json == {"id": answer.json["id"], "accepted": 2, "rejected": []}
    assert answer.headers["Location"] == f"/api/v1/broadcasts/{answer.json['id']}"
    assert {(one.to, one.subject) for one in mails.sent} == {
        ("kim@example.org", "News"),
        ("lee@example.org", "News"),
    }
    shown = caller.get(answer.headers["Location"]).json
    assert (shown["status"], shown["accepted"], shown["counts"]["sent"]) == ("done", 2, 2)


def test_a_file_with_a_bad_row_sends_nothing_unless_told_so(caller, mails):
    answer = post(caller, ONE_BAD)
    assert problem(answer, 422, "bad_rows")["errors"] == [
        {"row": 4, "column": "to", "code": "invalid_address", "detail": "is not one e-mail address"}
    ]
    assert mails.sent == []
    answer = post(caller, ONE_BAD, f"{NOTICE}&send=good")
    assert answer.status_code == 202
    assert answer.json["accepted"] == 2
    assert answer.json["rejected"] == [
        {
            "index": 2,
            "row": 4,
            "column": "to",
            "code": "invalid_address",
            "detail": "is not one e-mail address",
        }
    ]
    assert len(mails.sent) == 2


def test_a_missing_column_is_named(caller):
    answer = post(caller, "to,title\nkim@example.org,News\n", f"{NOTICE}&send=good")
    (error,) = problem(answer, 422, "bad_rows")["errors"]
    assert (error["row"], error["column"], error["code"]) == (1, "text", "missing_column")


@pytest.mark.parametrize("file", [io.BytesIO(TABLE.encode()), None])
def test_a_form_may_bring_the_file(caller, mails, file):
    file = file or workbook(
        ["to", "title", "text"], *(["kim@example.org", "a", "b"], ["lee@example.org", 1, 2])
    )
    answer = caller.client.post(NOTICE, data={"file": (file, "list")}, headers=caller.headers)
    assert (answer.status_code, answer.json["accepted"]) == (202, 2)
    assert len(mails.sent) == 2


def test_a_form_with_anything_else_is_refused(caller):
    for data in ({"file": "text"}, {"list": (io.BytesIO(b"to"), "a.csv")}):
        answer = caller.client.post(
            NOTICE, data=data, content_type="multipart/form-data", headers=caller.headers
        )
        assert answer.status_code == 400
    assert post(caller, TABLE, kind="application/json").status_code == 415


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?template=notice", "channel"),
        ("?channel=email", "template"),
        ("?channel=email&template=nothing", "template"),
        ("?channel=email&template=notice&send=some", "send"),
        ("?channel=email&template=notice&colour=red", "colour"),
    ],
)
def test_a_wrong_query_is_told_by_field(caller, query, field):
    answer = post(caller, TABLE, f"{URL}{query}")
    assert [one["field"] for one in problem(answer, 422, "invalid_input")["errors"]] == [field]


def test_what_is_no_table_is_refused(caller):
    assert problem(post(caller, ""), 422, "invalid_input")["errors"][0]["field"] == "file"


def test_a_repeat_with_the_same_key_sends_nothing_more_and_with_another_query_is_refused(caller, mails):
    first = post(caller, TABLE, Idempotency_Key="one")
    again = post(caller, TABLE, Idempotency_Key="one")
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert post(caller, TABLE, f"{NOTICE}&send=good", Idempotency_Key="one").status_code == 422
    assert len(mails.sent) == 2


@pytest.mark.slow
def test_a_body_may_be_longer_than_that_of_a_list(app, caller):
    assert app.config["LONGER_BODIES"][URL] == 32 * 1024 * 1024
    rows = "".join(f"k{n}@example.org,{'x' * 950},y\n" for n in range(9_000))
    assert len(rows) > 8 * 1024 * 1024
    (error,) = problem(post(caller, f"to,title,text\n{rows}nobody,a,b\n"), 422, "bad_rows")["errors"]
    assert error["row"] == 9_002


def test_a_broadcast_belongs_to_its_key(app, caller):
    made = post(caller, TABLE).headers["Location"]
    other = new_caller(app, "other")
    assert other.get(made).status_code == 404
    assert post(new_caller(app, "reader", scopes=["read"]), TABLE).status_code == 403

"""Places of values in answers."""

from typing import Any

import pytest

from channels.answers.finding import ABSENT, Document, at, read_place
from channels.options import Options

TREE = {"a": {"b": [{"c": 1}, {"c": None}]}, "a.b": "dotted", "x.y": {"z": 2}}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", "dotted"),
        ("a.b.0.c", 1),
        ("a.b.1.c", None),
        ("a.b.-1.c", None),
        ("a.b.2.c", ABSENT),
        ("a.b.x", ABSENT),
        ("x.y", {"z": 2}),
        ("a.c.d", ABSENT),
        ("", ABSENT),
    ],
)
def test_a_path_leads_through_keys_and_lists(path: str, found: Any) -> None:
    assert at(TREE, path) == found or at(TREE, path) is found


@pytest.mark.parametrize(
    ("place", "body", "found"),
    [
        ("id", b'{"id": 5}', 5),
        (["data.id", "id"], b'{"id": "x", "data": {"id": ""}}', "x"),
        (["data.id", "id"], b"{}", ABSENT),
        ({"json": "0.id"}, b'[{"id": "y"}]', "y"),
        ({"xml": "id"}, b"<r><ns:id>7</ns:id></r>", "7"),
        ({"xml": "id"}, b'<!DOCTYPE r [<!ENTITY e "x">]><r><id>&e;</id></r>', ABSENT),
        ({"matches": 'Success "([^"]+)"'}, b'Success "07-ab"', "07-ab"),
        ({"matches": "[0-9]+"}, b"id=17", "17"),
        ({"matches": "[0-9]+"}, b"none", ABSENT),
        ({"header": "x-id"}, b"", "h1"),
        ({"header": "location"}, b"", ABSENT),
        ("id", b"[" * 99_999, ABSENT),
        ("id", b"\xff", ABSENT),
    ],
)
def test_a_place_is_a_path_an_element_a_pattern_or_a_header(place: Any, body: bytes, found: Any) -> None:
    read = read_place(Options({"reference": place}, "here"), "reference", None)  # type: ignore[arg-type]
    got = read.find(Document(body, {"X-Id": "h1"}))
    assert got == found or got is found

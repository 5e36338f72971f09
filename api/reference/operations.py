"""The operations of the OpenAPI document, as the page shows them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from api.reference.fields import Field, Schemas
from api.reference.prose import inline, paragraphs
from api.reference.samples import JSON, LANGUAGES, Call

METHODS = ("get", "post", "put", "patch", "delete")
TITLES = {
    "verifications": "Verifications",
    "messages": "Messages",
    "broadcasts": "Broadcasts",
    "broadcast_files": "Broadcasts from files",
    "webhooks": "Webhooks",
    "stats": "Statistics",
    "receipts": "Delivery reports",
    "health": "Health",
}
ID = "4f0c1d1c7f0f4b7f9a3c5d2e8b6a9c10"
EXAMPLES = {"name": "main", "template": "notice", "channel": "email"}
"""What samples have in the place of arguments; those that are not here are ids."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error: its fields, and an example as indented JSON."""

    status: str
    text: Markup
    fields: tuple[Field, ...]
    example: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `samples` by language, `errors` as pairs of status and text."""

    id: str
    method: str
    path: str
    title: str
    text: Markup
    needs_key: bool
    parameters: tuple[tuple[str, Field], ...]
    body_type: str | None
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    errors: tuple[str, ...]
    samples: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of one subject."""

    id: str
    title: str
    text: Markup
    operations: tuple[Operation, ...]


def sections(document: Mapping[str, Any], address: str) -> Iterator[Section]:
    """Yield the subjects of a document; samples call `address`, which has no slash at its end."""
    schemas = Schemas(document["components"])
    for tag in document["tags"]:
        found = [
            _operation(schemas, path, method, item, address)
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item and tag["name"] in item[method]["tags"]
        ]
        yield Section(tag["name"], TITLES[tag["name"]], inline(tag["description"]), tuple(found))


def _operation(schemas: Schemas, path: str, method: str, item: Mapping[str, Any], address: str) -> Operation:
    told = item[method]
    parameters = [schemas.resolved(one) for one in (*item.get("parameters", ()), *told.get("parameters", ()))]
    body_type, content = next(iter(told.get("requestBody", {}).get("content", {}).items()), (None, {}))
    answers = {status: schemas.resolved(one) for status, one in told["responses"].items()}
    call = Call(
        method.upper(),
        address + _filled(path, parameters),
        bool(told["security"]),
        content.get("example"),
        body_type or JSON,
    )
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        title=told["summary"],
        text=paragraphs(told.get("description", "")),
        needs_key=call.needs_key,
        parameters=tuple((one["in"], schemas.parameter(one)) for one in parameters),
        body_type=body_type,
        body=tuple(schemas.fields(content.get("schema", {}))),
        answers=tuple(_answer(schemas, *one) for one in sorted(answers.items()) if one[0].startswith("2")),
        errors=tuple(sorted(status for status in answers if status[0] in "45" and status.isdigit())),
        samples={language: write(call) for language, (_, write) in LANGUAGES.items()},
    )


def _answer(schemas: Schemas, status: str, answer: Mapping[str, Any]) -> Answer:
    content = next(iter(answer.get("content", {}).values()), {})
    example = content.get("example")
    return Answer(
        status=status,
        text=inline(answer.get("description", "")),
        fields=tuple(schemas.fields(content.get("schema", {}))),
        example=None if example is None else json.dumps(example, indent=2, ensure_ascii=False),
    )


def _filled(path: str, parameters: list[Mapping[str, Any]]) -> str:
    query = {}
    for one in parameters:
        known = EXAMPLES.get(one["name"]) or next(iter(one["schema"].get("enum", ())), None)
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", known or ID)
        elif one["in"] == "query" and one.get("required"):
            query[one["name"]] = known or one["name"]
    return f"{path}?{urlencode(query)}" if query else path

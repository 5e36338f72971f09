"""`python -m devtools.openapi_types`: write the JavaScript client's types from the OpenAPI document of the API."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app import create_app

FILE = Path(__file__).resolve().parents[1] / "clients" / "javascript" / "types" / "api.d.ts"
HEADER = (
    "// Made from the API's OpenAPI document by `python -m devtools.openapi_types`; changes here are lost.\n"
)
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Json = Mapping[str, Any]


def main() -> int:
    """Write the file; return 1 if it was out of date."""
    text = typescript(document())
    current = FILE.exists() and FILE.read_text(encoding="utf-8") == text
    FILE.write_text(text, encoding="utf-8")
    return 0 if current else 1


def document() -> dict[str, Any]:
    """Return the document of a service with the default settings."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "TESTING": True,
            "SECRET_KEY": "secret key that signs nothing: long enough",
            "CODE_PEPPER": "code pepper that hashes nothing: long enough",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/none.db",
            "PUBLIC_URL": "",
        }
        found: dict[str, Any] = json.loads(create_app(settings).extensions["sendcode_api"].document)
    return found


def typescript(found: Json) -> str:
    """Return the types of all schemas and of all operations that need a key."""
    schemas = sorted(found["components"]["schemas"].items())
    parts = [HEADER, *(_interface(name, schema) for name, schema in schemas), _operations(found)]
    return "\n".join(parts)


def _interface(name: str, schema: Json) -> str:
    required = set(schema.get("required", ()))
    lines = [f"export interface {name} {{"]
    for member, one in schema.get("properties", {}).items():
        if "description" in one:
            lines.append(f"  /** {one['description']} */")
        lines.append(f"  {member}{'' if member in required else '?'}: {_type(one)};")
    return "\n".join([*lines, "}\n"])


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(dict.fromkeys(json.dumps(one) for one in schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return " | ".join(_one_type(kind, schema) for kind in kinds) or "unknown"


def _one_type(kind: str, schema: Json) -> str:
    if kind == "array":
        return f"Array<{_type(schema['items'])}>"
    if kind != "object":
        return SIMPLE[kind]
    values = schema.get("additionalProperties")
    return f"Record<string, {_type(values) if isinstance(values, Mapping) else 'unknown'}>"


def _operations(found: Json) -> str:
    lines = [
        "/** Every operation that needs a key, by its `operationId`. */",
        "export interface Operations {",
    ]
    for path, method, one in _keyed(found):
        members = {
            "method": json.dumps(method.upper()),
            "path": json.dumps(path),
            "body": _content(one.get("requestBody", {})) or "undefined",
            "query": _query(one),
            "answer": _answer(one),
        }
        lines += [f"  /** {one['summary']} */", f"  {one['operationId']}: {{"]
        lines += [*(f"    {name}: {value};" for name, value in members.items()), "  };"]
    return "\n".join([*lines, "}\n"])


def _keyed(found: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            if method != "parameters" and one.get("security") != []:
                yield path, method, one


def _content(part: Json) -> str:
    schema = part.get("content", {}).get("application/json", {}).get("schema")
    return _type(schema) if schema else ""


def _query(operation: Json) -> str:
    wanted = [one for one in operation.get("parameters", ()) if one.get("in") == "query"]
    members = "; ".join(f"{one['name']}?: {_type(one['schema'])}" for one in wanted)
    return f"{{ {members} }}" if members else "undefined"


def _answer(operation: Json) -> str:
    for status, response in operation["responses"].items():
        if status.startswith("2") and _content(response):
            return _content(response)
    return "undefined"


if __name__ == "__main__":
    sys.exit(main())

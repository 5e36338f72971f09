"""Fields of bodies, answers and queries as lines of a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from api.reference.prose import inline

Schema = Mapping[str, Any]
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Field:
    """One line: `name` with the names above it, as in `fallback[].channel`."""

    name: str
    type: str
    is_required: bool
    text: Markup
    values: tuple[str, ...]
    rules: str


class Schemas:
    """The schemas of a document, by which references are followed."""

    def __init__(self, components: Mapping[str, Any]):
        self._components = components

    def resolved(self, thing: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a reference leads to, or the thing itself."""
        while "$ref" in thing:
            _, _, kind, name = thing["$ref"].split("/")
            thing = self._components[kind][name]
        return thing

    def fields(self, schema: Schema, above: str = "", depth: int = 0) -> Iterator[Field]:
        """Yield the fields of an object, those of inner objects after theirs."""
        schema = self.resolved(schema)
        for name, raw in schema.get("properties", {}).items():
            yield self._field(f"{above}{name}", raw, name in schema.get("required", ()))
            inner, mark = self._inner(raw)
            if depth < DEEPEST:
                yield from self.fields(inner, f"{above}{name}{mark}.", depth + 1)

    def parameter(self, parameter: Mapping[str, Any]) -> Field:
        """Return a parameter of a path, a query or a header as a line."""
        described = {**self.resolved(parameter["schema"])}
        described.setdefault("description", parameter.get("description", ""))
        return self._field(parameter["name"], described, parameter.get("required", False))

    def _inner(self, raw: Schema) -> tuple[Schema, str]:
        schema = self.resolved(raw)
        if "items" in schema:
            return self.resolved(schema["items"]), "[]"
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict) and "$ref" in extra:
            return self.resolved(extra), ".*"
        return schema, ""

    def _field(self, name: str, raw: Schema, is_required: bool) -> Field:
        schema = {**self.resolved(raw), **{key: value for key, value in raw.items() if key != "$ref"}}
        values = tuple(str(one) for one in schema.get("enum", ()) if one is not None)
        text = inline(schema.get("description", ""))
        return Field(name, self._type(schema), is_required, text, values, ", ".join(_rules(schema)))

    def _type(self, schema: Schema) -> str:
        if "anyOf" in schema:
            return " or ".join(self._type(self.resolved(one)) for one in schema["anyOf"])
        types = schema.get("type", "any")
        names = [types] if isinstance(types, str) else [one for one in types if one != "null"]
        name = schema.get("format") if names == ["string"] and "format" in schema else " or ".join(names)
        if names == ["array"]:
            return f"array of {self._type(self.resolved(schema.get('items', {})))}s"
        return str(name)


def _rules(schema: Schema) -> Iterator[str]:
    for least, most, unit in (
        ("minLength", "maxLength", "characters"),
        ("minItems", "maxItems", "items"),
        ("minimum", "maximum", ""),
        ("minProperties", "maxProperties", "members"),
    ):
        low, high = schema.get(least), schema.get(most)
        if high is not None:
            yield f"{low} to {high} {unit}".strip() if low else f"at most {high} {unit}".strip()
        elif low:
            yield f"at least {low} {unit}".strip()
    if schema.get("default") not in (None, "", [], {}):
        yield f"default {json.dumps(schema['default'])}"

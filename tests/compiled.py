"""Compiled code that all applications of a test process share."""

from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class TemplateCode(BytecodeCache):
    """Keeps the code of templates by name and content."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Builders:
    """Keeps the functions that build the URLs of a rule, most of what it takes to register one."""

    def __init__(self, compile_builder: Callable[..., Any]):
        self._compile_builder = compile_builder
        self._compiled: dict[object, Any] = {}

    def of_rule(self) -> Callable[..., Any]:
        """Return what takes the place of `Rule._compile_builder`."""

        def of_rule(rule: Rule, append_unknown: bool = True) -> Any:
            key = (rule.rule, repr(rule.defaults), tuple(rule._trace), append_unknown)
            if key not in self._compiled:
                self._compiled[key] = self._compile_builder(rule, append_unknown)
            return self._compiled[key]

        return of_rule

"""Compiled code that all applications of a test process share: templates, URL rules and SQL."""

from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Engine
from werkzeug.routing import Rule


def share(patch: pytest.MonkeyPatch) -> None:
    """Let each application take what an earlier one compiled."""
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": TemplateCode()})
    _share_rules(patch)
    _share_statements(patch)


class TemplateCode(BytecodeCache):
    """Keeps the code of templates by name and content."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


def _share_rules(patch: pytest.MonkeyPatch) -> None:
    """Keep what a rule of the same text and defaults was compiled to, most of what it takes to register one."""
    compiled: dict[object, dict[str, Any]] = {}
    builders: dict[object, Any] = {}
    compile_rule, compile_builder = Rule.compile, Rule._compile_builder

    def of_rule(rule: Rule) -> object:
        return rule.rule, repr(rule.defaults), rule.subdomain, rule.is_leaf, rule.merge_slashes

    def compiled_once(rule: Rule) -> None:
        if known := compiled.get(of_rule(rule)):
            rule.arguments |= known["_converters"].keys()
            vars(rule).update(known)
            rule._build = rule._compile_builder(False).__get__(rule, None)
            rule._build_unknown = rule._compile_builder(True).__get__(rule, None)
            return
        compile_rule(rule)
        names = ("_parts", "_trace", "_converters")
        compiled[of_rule(rule)] = {name: getattr(rule, name) for name in names}

    def built_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = of_rule(rule), append_unknown
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    patch.setattr(Rule, "compile", compiled_once)
    patch.setattr(Rule, "_compile_builder", built_once)


def _share_statements(patch: pytest.MonkeyPatch) -> None:
    """Keep compiled statements of SQLite; SQLAlchemy keeps them by engine and dialect object."""
    statements: dict[Any, Any] = {}

    def share_them(connection: Connection) -> None:
        if type(connection.dialect) is SQLiteDialect_pysqlite:
            connection.engine._compiled_cache = statements

    event.listen(Engine, "engine_connect", share_them)
    patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda dialect: hash(type(dialect)))
    patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda dialect, other: type(dialect) is type(other))

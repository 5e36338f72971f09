"""What all applications of a test process share: compiled templates, URL rules, SQL and the list of migrations.

All processes of a run share the templates.
"""

from copy import copy
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from celery.app import utils as celery_settings
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import event
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Engine
from werkzeug.routing import Rule

DIALECTS = (SQLiteDialect_pysqlite, PGDialect_psycopg, MySQLDialect_pymysql)


def share(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let each application take what an earlier one compiled; `folder` is that of all processes of this run."""
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": TemplateCode(folder)})
    _share_rules(patch)
    _share_statements(patch)
    _share_migrations(patch)
    patch.setattr(celery_settings, "deepcopy", _copied)


class TemplateCode(FileSystemBytecodeCache):
    """Keeps the code of templates by name and content, here and in files that live no longer than the run.

    Jinja runs filters of constants when it compiles, so the code also depends on our own filters.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(str(folder))
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            super().load_bytecode(bucket)
            self._codes[bucket.key, bucket.checksum] = bucket.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code
        super().dump_bytecode(bucket)


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
    """Keep compiled statements of each kind of database; SQLAlchemy keeps them by engine and dialect object.

    There is one server of each kind, so a statement is the same whichever engine has compiled it.
    """
    statements: dict[Any, Any] = {}

    def share_them(connection: Connection) -> None:
        if type(connection.dialect) in DIALECTS:
            connection.engine._compiled_cache = statements

    event.listen(Engine, "engine_connect", share_them)
    for dialect in DIALECTS:
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))


def _share_migrations(patch: pytest.MonkeyPatch) -> None:
    """Import each migration once: every command would import all of them."""
    known: dict[str, ScriptDirectory] = {}
    read = ScriptDirectory.from_config

    def read_once(config: Config) -> ScriptDirectory:
        folder = config.get_main_option("script_location") or ""
        if folder not in known:
            known[folder] = read(config)
        return known[folder]

    patch.setattr(ScriptDirectory, "from_config", read_once)


def _copied(defaults: dict[str, Any]) -> dict[str, Any]:
    """Copy Celery's defaults as deep as they are: constants, and a few dictionaries of constants."""
    return {name: copy(value) for name, value in defaults.items()}

"""Migrations that the release before lives with, too: docs/migrations.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
FIRST = "0026"
"""Those before were made before there was a release."""
CONTRACTIONS: dict[str, str] = {}
"""Migrations that may take away, and since which release nothing reads what they take."""
TAKES_AWAY = {"drop_column", "drop_table", "rename_table"}


def calls_in_upgrade(source: str) -> Iterator[ast.Call]:
    """Return the calls of `upgrade()`, in what it calls in the same file as well."""
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    waiting, seen = ["upgrade"], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call):
                yield node
                waiting.append(getattr(node.func, "id", ""))


def says(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def hurting(source: str) -> list[str]:
    """Return the steps of a migration that a process of the release before would fail of."""
    found = []
    for call in calls_in_upgrade(source):
        step = getattr(call.func, "attr", "")
        if step in TAKES_AWAY:
            found.append(step)
        elif step == "alter_column" and (says(call, "new_column_name") or is_false(says(call, "nullable"))):
            found.append("alter_column: a new name, or no NULL any more")
        elif step == "add_column":
            for column in call.args:
                if (
                    isinstance(column, ast.Call)
                    and is_false(says(column, "nullable"))
                    and not says(column, "server_default")
                ):
                    found.append("add_column: it must be NULL or have a server_default")
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(VERSIONS.glob("[0-9]*.py")) if path.name[:4] >= FIRST],
    ids=lambda path: path.stem,
)
def test_a_migration_takes_nothing_from_the_release_before(path: Path) -> None:
    assert path.name[:4] in CONTRACTIONS or hurting(path.read_text(encoding="utf-8")) == []


def test_no_contraction_is_listed_that_is_none() -> None:
    for revision in CONTRACTIONS:
        (path,) = VERSIONS.glob(f"{revision}_*.py")
        assert hurting(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("steps", "is_hurting"),
    [
        ('op.add_column("message", sa.Column("note", sa.Text(), nullable=True))', False),
        ('op.add_column("message", sa.Column("n", sa.Integer(), nullable=False, server_default="1"))', False),
        ('op.add_column("message", sa.Column("n", sa.Integer(), nullable=False))', True),
        ('op.create_table("hook", sa.Column("id", sa.String(32), nullable=False))', False),
        ('op.drop_column("message", "note")', True),
        ('op.drop_table("hook")', True),
        ('op.rename_table("hook", "door")', True),
        ('op.drop_index("ix_message_due", "message")', False),
        ('with op.batch_alter_table("message") as batch:\n        batch.drop_column("note")', True),
        (
            'with op.batch_alter_table("a") as batch:\n        batch.alter_column("n", new_column_name="m")',
            True,
        ),
        ('with op.batch_alter_table("a") as batch:\n        batch.alter_column("n", nullable=False)', True),
        ('with op.batch_alter_table("a") as batch:\n        batch.alter_column("n", nullable=True)', False),
        ("step()", True),
    ],
)
def test_a_step_that_hurts_is_found(steps: str, is_hurting: bool) -> None:
    others = 'def step():\n    op.drop_table("hook")\ndef downgrade():\n    op.drop_table("a")\n'
    source = f"def upgrade():\n    {steps}\n{others}"
    assert bool(hurting(source)) is is_hurting

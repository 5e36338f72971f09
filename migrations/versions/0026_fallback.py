"""fallback: the steps of a verification, and the chain of a purpose"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WAITING = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "verification_step",
        sa.Column("verification_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("to", sa.String(320), nullable=False),
        sa.Column("canonical", sa.String(320), nullable=False),
        sa.Column("after_seconds", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("verification_id", "number", name=op.f("pk_verification_step")),
    )
    has_partial = op.get_bind().dialect.name in ("sqlite", "postgresql")
    where = WAITING if has_partial else None
    op.create_index(
        "ix_verification_step_due_at",
        "verification_step",
        ["due_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_verification_step_canonical", "verification_step", ["canonical"])
    op.create_table(
        "default_step",
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("after_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "number", name=op.f("pk_default_step")),
    )
    op.add_column(
        "verification", sa.Column("has_fallback", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("verification", "has_fallback")
    op.drop_table("default_step")
    op.drop_table("verification_step")

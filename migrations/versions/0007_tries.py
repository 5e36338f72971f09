"""tries that did not simply succeed, and what a console asks of messages"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNSUCCESSFUL = sa.text("status IN ('failed', 'undelivered', 'expired', 'canceled')")


def upgrade() -> None:
    op.create_table(
        "message_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_try")),
    )
    op.create_index("ix_message_try_message_id", "message_try", ["message_id"])
    op.add_column("message", sa.Column("took_ms", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("resent_as", sa.String(length=32), nullable=True))
    if _has_partial_indexes():
        op.create_index(
            "ix_message_unsuccessful",
            "message",
            ["created_at", "status"],
            sqlite_where=UNSUCCESSFUL,
            postgresql_where=UNSUCCESSFUL,
        )


def downgrade() -> None:
    if _has_partial_indexes():
        op.drop_index("ix_message_unsuccessful", "message")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_column("resent_as")
        batch_op.drop_column("took_ms")
    op.drop_table("message_try")


def _has_partial_indexes() -> bool:
    return op.get_bind().dialect.name in ("sqlite", "postgresql")

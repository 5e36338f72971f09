"""events for programs: endpoints, what happened, and what is to be posted to whom"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

THERE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(255), nullable=True),
        sa.Column("types", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(4096), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off_reason", sa.String(16), nullable=True),
        sa.Column("off_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_owner", "webhook", ["owner", "created_at"])
    op.create_table(
        "event",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_at", "event", ["at"])
    op.create_table(
        "event_delivery",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("webhook_id", sa.String(32), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("url", sa.String(2048), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(500), nullable=True),
        sa.Column("error", sa.String(255), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
    )
    op.create_index("ix_event_delivery_webhook_id", "event_delivery", ["webhook_id", "created_at"])
    op.create_index("ix_event_delivery_event_id", "event_delivery", ["event_id"])
    has_partial = op.get_bind().dialect.name in ("sqlite", "postgresql")
    there = THERE if has_partial else None
    op.create_index(
        "ix_event_delivery_due_at",
        "event_delivery",
        ["due_at"],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.add_column("broadcast", sa.Column("finished_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("broadcast", "finished_at")
    op.drop_table("event_delivery")
    op.drop_table("event")
    op.drop_table("webhook")

"""what hours came to, counted once in a while, and the schedule that counts"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTS = (
    *("queued", "sending", "sent", "delivered", "undelivered", "failed", "expired", "canceled"),
    *("issued", "approved"),
)
schedule = sa.table(
    "schedule",
    sa.column("name", sa.String),
    sa.column("task", sa.String),
    sa.column("arguments", sa.Text),
    sa.column("every_seconds", sa.Integer),
    sa.column("timezone", sa.String),
    sa.column("enabled", sa.Boolean),
    sa.column("last_run_at", sa.BigInteger),
    sa.column("runs", sa.Integer),
    sa.column("changed_at", sa.BigInteger),
)


def upgrade() -> None:
    op.create_table(
        "traffic_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("is_purged", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint(
            *("hour", "is_purged", "owner", "channel", "gateway", "country", "purpose"),
            name=op.f("pk_traffic_hour"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("is_purged", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "is_purged", "channel", "gateway", name=op.f("pk_delivery_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rolled_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_rolled_hour")),
    )
    _add_schedule()


def _add_schedule() -> None:
    now = time.time_ns() // 1000
    roll_up = {
        "name": "roll-ups",
        "task": "sendcode.roll_up",
        "arguments": '{"args":[],"kwargs":{}}',
        "every_seconds": 300,
        "timezone": "UTC",
        "enabled": True,
        "last_run_at": now,
        "runs": 0,
        "changed_at": now,
    }
    op.bulk_insert(schedule, [roll_up])


def downgrade() -> None:
    op.execute(schedule.delete().where(schedule.c.name == "roll-ups"))
    for name in ("rolled_hour", "delivery_hour", "traffic_hour"):
        op.drop_table(name)

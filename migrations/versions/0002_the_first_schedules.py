"""the schedules that every installation begins with; one that was removed stays removed"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

schedule = sa.table(
    "schedule",
    sa.column("name", sa.String),
    sa.column("task", sa.String),
    sa.column("arguments", sa.Text),
    sa.column("crontab", sa.String),
    sa.column("timezone", sa.String),
    sa.column("enabled", sa.Boolean),
    sa.column("last_run_at", sa.BigInteger),
    sa.column("runs", sa.Integer),
    sa.column("changed_at", sa.BigInteger),
)


def upgrade() -> None:
    now = time.time_ns() // 1000
    purge = {
        "name": "daily purge",
        "task": "sendcode.purge",
        "arguments": '{"args":[],"kwargs":{"older_than_days":30}}',
        "crontab": "17 3 * * *",
        "timezone": "UTC",
        "enabled": True,
        "last_run_at": now,
        "runs": 0,
        "changed_at": now,
    }
    op.bulk_insert(schedule, [purge])


def downgrade() -> None:
    op.execute(schedule.delete().where(schedule.c.name == "daily purge"))

"""the schedule that looks through the mailbox for bounces, where there is one"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME, TASK = "bounces", "sendcode.read_bounces"
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
    if NAME in op.get_bind().scalars(sa.select(schedule.c.name)):
        return
    now = time.time_ns() // 1000
    row = {
        "name": NAME,
        "task": TASK,
        "arguments": '{"args":[],"kwargs":{}}',
        "every_seconds": 120,
        "timezone": "UTC",
        "enabled": True,
        "last_run_at": now,
        "runs": 0,
        "changed_at": now,
    }
    op.bulk_insert(schedule, [row])


def downgrade() -> None:
    op.execute(schedule.delete().where(schedule.c.name == NAME, schedule.c.task == TASK))

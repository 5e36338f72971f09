"""the reports by mail, at rest until somebody says to whom"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
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
REPORTS = {
    "hourly report": ("sendcode.hourly_report", "5 * * * *"),
    "daily report": ("sendcode.daily_report", "10 8 * * *"),
}


def upgrade() -> None:
    now = time.time_ns() // 1000
    known = set(op.get_bind().scalars(sa.select(schedule.c.name)))
    rows = [
        {
            "name": name,
            "task": task,
            "arguments": '{"args":[],"kwargs":{"recipients":[]}}',
            "crontab": crontab,
            "timezone": "UTC",
            "enabled": False,
            "last_run_at": now,
            "runs": 0,
            "changed_at": now,
        }
        for name, (task, crontab) in REPORTS.items()
        if name not in known
    ]
    op.bulk_insert(schedule, rows)


def downgrade() -> None:
    for name, (task, _) in REPORTS.items():
        op.execute(schedule.delete().where(schedule.c.name == name, schedule.c.task == task))

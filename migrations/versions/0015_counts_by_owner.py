"""counts by owner in a table of their own; what was rolled up is rolled up again"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COUNTS = (
    *("queued", "sending", "sent", "delivered", "undelivered", "failed", "expired", "canceled"),
    *("issued", "approved"),
)


def upgrade() -> None:
    _make("owner_hour", owner=64, channel=8, gateway=64)
    op.drop_table("traffic_hour")
    _make("traffic_hour", channel=8, gateway=64, country=2, purpose=64)
    _forget("delivery_hour", "rolled_hour")


def downgrade() -> None:
    op.drop_table("owner_hour")
    op.drop_table("traffic_hour")
    _make("traffic_hour", owner=64, channel=8, gateway=64, country=2, purpose=64)
    _forget("delivery_hour", "rolled_hour")


def _make(table: str, **parts: int) -> None:
    op.create_table(
        table,
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("is_purged", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in parts.items()),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("hour", "is_purged", *parts, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )


def _forget(*tables: str) -> None:
    for table in tables:
        op.execute(sa.table(table).delete())

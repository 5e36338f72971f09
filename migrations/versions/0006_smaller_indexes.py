"""the indexes of messages hold only the rows that are looked for in them"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_message_due": ("due_at", ["priority", "lane", "due_at"]),
    "ix_message_due_at": ("due_at", ["due_at"]),
    "ix_message_gateway_reference": ("gateway_reference", ["gateway_reference"]),
    "ix_message_broadcast": ("broadcast_id", ["broadcast_id", "status"]),
    "ix_message_verification_id": ("verification_id", ["verification_id"]),
}


def upgrade() -> None:
    _make_again(partial=True)


def downgrade() -> None:
    _make_again(partial=False)


def _make_again(*, partial: bool) -> None:
    if op.get_bind().dialect.name not in ("sqlite", "postgresql"):
        return  # MariaDB and MySQL have no partial indexes
    for name, (column, columns) in INDEXES.items():
        there = sa.text(f"{column} IS NOT NULL") if partial else None
        op.drop_index(name, "message")
        op.create_index(name, "message", columns, sqlite_where=there, postgresql_where=there)

"""what is due has one index: every message goes through it four times"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

THERE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_message_due_at", "message")


def downgrade() -> None:
    has_partial = op.get_bind().dialect.name in ("sqlite", "postgresql")
    there = THERE if has_partial else None
    op.create_index("ix_message_due_at", "message", ["due_at"], sqlite_where=there, postgresql_where=there)

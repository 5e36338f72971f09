"""the times of the attempts at a code"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verification") as table:
        table.add_column(sa.Column("attempt_times", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("verification") as table:
        table.drop_column("attempt_times")

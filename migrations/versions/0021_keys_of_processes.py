"""a process tells which keys it has, so that one with other keys is found"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seen_process", sa.Column("pepper_ids", sa.String(255), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("seen_process") as batch:
        batch.drop_column("pepper_ids")

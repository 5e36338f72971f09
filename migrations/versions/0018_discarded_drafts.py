"""a draft can be discarded: its text remembers the number, the version stays"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("template", sa.Column("discarded", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("template", "discarded")

"""API keys have settings of their own, and verifications know the form of their code"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("settings", sa.Text(), nullable=True))
    op.add_column("verification", sa.Column("code_length", sa.Integer(), nullable=True))
    op.add_column("verification", sa.Column("has_letters", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("verification") as batch:
        batch.drop_column("has_letters")
        batch.drop_column("code_length")
    with op.batch_alter_table("api_key") as batch:
        batch.drop_column("settings")

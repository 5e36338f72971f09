"""a secret of an API key may be a Twilio token"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key_secret", sa.Column("kind", sa.String(8), nullable=False, server_default="api"))
    op.add_column("api_key_secret", sa.Column("sealed", sa.LargeBinary(255), nullable=True))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM api_key_secret WHERE kind <> 'api'"))
    with op.batch_alter_table("api_key_secret") as batch:
        batch.drop_column("sealed")
        batch.drop_column("kind")

"""a secret of an API key may be a Twilio token; an SMS may have an address for what becomes of it"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key_secret", sa.Column("kind", sa.String(8), nullable=False, server_default="api"))
    op.add_column("api_key_secret", sa.Column("sealed", sa.LargeBinary(255), nullable=True))
    op.create_table(
        "status_callback",
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(4096), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_status_callback")),
    )


def downgrade() -> None:
    op.drop_table("status_callback")
    op.execute(sa.text("DELETE FROM api_key_secret WHERE kind <> 'api'"))
    with op.batch_alter_table("api_key_secret") as batch:
        batch.drop_column("sealed")
        batch.drop_column("kind")

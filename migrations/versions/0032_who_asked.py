"""who asked for a code from which address; changes of one thing by its id"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verification") as table:
        table.add_column(sa.Column("client_ip", sa.String(length=45), nullable=True))
    op.create_index(
        "ix_audit_entry_subject_id", "audit_entry", ["subject_id", "id"], unique=False, if_not_exists=True
    )


def downgrade() -> None:
    op.drop_index("ix_audit_entry_subject_id", table_name="audit_entry")
    with op.batch_alter_table("verification") as table:
        table.drop_column("client_ip")

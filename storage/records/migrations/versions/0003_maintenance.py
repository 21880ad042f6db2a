"""Maintenance windows get a note."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    with op.batch_alter_table("maintenance") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))

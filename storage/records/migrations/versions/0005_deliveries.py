"""What delivery remembers."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    with op.batch_alter_table('outbox') as batch:
        batch.add_column(sa.Column('channel', sa.Text(), server_default='', nullable=False))
        batch.add_column(sa.Column('forgiven', sa.Integer(), server_default='0', nullable=False))
        batch.add_column(sa.Column('maybe_arrived', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column('told_in', sa.Text(), nullable=True))
    op.create_table('channel_memory',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'key', name=op.f('pk_channel_memory')),
    comment='What channels remember between messages'
    )

"""Configuration backup and discovery."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table('configuration',
    sa.Column('device', sa.Text(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('good_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wanted_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('device', name=op.f('pk_configuration')),
    comment='How the last backup of each device went; the texts are in git'
    )
    op.create_table('discovery_finding',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_discovery_finding')),
    comment='Since when neighbours have said otherwise than the inventory'
    )

"""The roll-out register and what reports need."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('outage_cause',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('incident', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('offices', sa.JSON(), nullable=True),
    sa.Column('provider', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(
        ['incident'], ['incident.id'], name=op.f('fk_outage_cause_incident'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outage_cause')),
    comment="Append-only: what a person found an outage's cause to be; the newest counts",
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_outage_cause_incident_id'), 'outage_cause', ['incident', 'id'])
    op.create_table('watch',
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('since', name=op.f('pk_watch')),
    comment='When verdicts were given without a pause; of other times the event log says nothing'
    )
    op.create_index(op.f('ix_watch_until'), 'watch', ['until'])

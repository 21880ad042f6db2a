"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('counter',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', BIG_ID, nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_counter')),
    comment='Numbers handed out, never twice'
    )
    op.create_table('event',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('was', sa.Text(), nullable=True),
    sa.Column('now', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event')),
    comment='Append-only: every change of state of a link, device, office or application',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_event_at_id'), 'event', ['at', 'id'])
    op.create_index(op.f('ix_event_kind_subject_at_id'), 'event', ['kind', 'subject', 'at', 'id'])

    op.create_table('evidence',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_evidence')),
    comment='The newest observation of each thing, for the judge after a restart'
    )
    op.create_table('incident',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('severity', sa.Text(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    comment='One row an incident; body is the whole value but its timeline'
    )
    op.create_index(op.f('ix_incident_began_at_id'), 'incident', ['began_at', 'id'])
    op.create_index(op.f('ix_incident_status'), 'incident', ['status'])

    op.create_table('maintenance',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rrule', sa.Text(), nullable=True),
    sa.Column('subjects', sa.JSON(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_maintenance')),
    comment='Planned work; rrule repeats it'
    )
    op.create_index(op.f('ix_maintenance_ends_at'), 'maintenance', ['ends_at'])

    op.create_table('outbox',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('dedup_key', sa.Text(), nullable=False),
    sa.Column('receiver', sa.Text(), nullable=False),
    sa.Column('incident', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_outbox_dedup_key')),
    comment='Messages to be sent, written in the transaction of the change that they tell of',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_outbox_outcome_due_at'), 'outbox', ['outcome', 'due_at'])
    op.create_index(op.f('ix_outbox_receiver_incident_id'), 'outbox', ['receiver', 'incident', 'id'])

    op.create_table('rollout',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('office', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stage', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('promised_date', sa.Date(), nullable=True),
    sa.Column('link', sa.Text(), nullable=True),
    sa.Column('who', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rollout')),
    comment="Append-only: how an office's connection comes along"
    )
    op.create_index(op.f('ix_rollout_office_at'), 'rollout', ['office', 'at'])

    op.create_table('token',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_token')),
    sa.UniqueConstraint('hash', name=op.f('uq_token_hash')),
    comment='Who may use the API; the token itself is never stored'
    )
    op.create_table('ack',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('incident', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('via', sa.Text(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['incident'], ['incident.id'], name=op.f('fk_ack_incident'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ack')),
    comment='Who took an incident on, and by which means'
    )
    op.create_index(op.f('ix_ack_incident'), 'ack', ['incident'])

    op.create_table('timeline',
    sa.Column('incident', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('who', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['incident'], ['incident.id'], name=op.f('fk_timeline_incident'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('incident', 'position', name=op.f('pk_timeline')),
    comment='What happened to an incident, in order'
    )

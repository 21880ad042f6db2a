"""Tokens, sessions and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('session',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['token'], ['token.id'], name=op.f('fk_session_token'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_session')),
    comment='Browsers that showed a token; the cookie itself is never stored'
    )
    op.create_index(op.f('ix_session_token'), 'session', ['token'])
    op.create_table('audit',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('via', sa.Text(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=True),
    sa.Column('token', sa.Text(), nullable=True),
    sa.Column('peer', sa.Text(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit')),
    comment='Append-only: who changed what, and how he proved who he was',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_audit_at'), 'audit', ['at'])

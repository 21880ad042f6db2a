"""Tokens, sessions and the audit log."""

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    pass

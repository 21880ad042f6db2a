"""Configuration backup and discovery."""

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    pass

"""Alembic's entry. `storage.records.migrate` hands the connection in; there is no offline mode."""

from __future__ import annotations

from alembic import context

from storage.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter most of a table: Alembic copies it instead
    transaction_per_migration=False,
)
context.run_migrations()

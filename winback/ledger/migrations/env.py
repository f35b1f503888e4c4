"""What alembic runs: the revisions, on the connection and in the transaction that it is given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from winback.ledger import tables


def _render(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our column types as plain ones: a revision stays true when the code moves on."""
    if kind == "type" and isinstance(thing, tables.UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, tables.Cost):
        return 'sa.Numeric(12, 4).with_variant(sa.Text(), "sqlite")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_item=_render,
    # SQLite can't alter a column: alembic copies the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

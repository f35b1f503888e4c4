"""The tables as they were when migrations began; also mends ledgers of before.

A ledger that an earlier winback made has some of these tables, with some of their columns and
no revision. Whatever it lacks is added; nothing that is there is touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateColumn

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen: the tables of later revisions are not these.
_metadata = MetaData()
_tables = _metadata.tables
_INSTANT = sa.DateTime(timezone=True)
_COST = Numeric(12, 4).with_variant(Text(), "sqlite")


def upgrade() -> None:
    connection = op.get_bind()
    there = sa.inspect(connection)
    for table in _metadata.sorted_tables:
        if not there.has_table(table.name):
            table.create(connection)
            continue
        _add_columns(connection, table, {c["name"] for c in there.get_columns(table.name)})
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _add_columns(connection: Connection, table: Table, there: set[str]) -> None:
    for column in table.columns:
        if column.name not in there:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(sa.text(f"alter table {table.name} add column {definition}"))


Table(
    "enrollments",
    _metadata,
    Column("enrollment_id", Text, primary_key=True),
    Column("playbook_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("episode_order_id", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("offer_id", Text),
    Column("offer_expires_at", _INSTANT),
    Column("entered_at", _INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
    UniqueConstraint("playbook_id", "customer_id", "episode_order_id"),
    CheckConstraint("arm in ('treatment', 'holdout')"),
)

Table(
    "messages",
    _metadata,
    Column("message_id", Text, primary_key=True),
    Column("enrollment_id", Text, nullable=False),
    Column("playbook_id", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("payload_json", Text, nullable=False),
    Column("payload_sha256", Text, nullable=False),
    Column("template_version", Text, nullable=False),
    Column("content_tag", Text),
    Column("segments", Integer),
    Column("cost_cents", _COST),
    Column("not_before", _INSTANT),
    Column("window_closes_at", _INSTANT),
    Column("expires_at", _INSTANT, nullable=False),
    Column("zones", Text, nullable=False),
    Column("local_opens_minute", Integer, nullable=False),
    Column("local_closes_minute", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("attempt_no", Integer, nullable=False),
    Column("claim_token", Text),
    Column("lease_until", _INSTANT),
    Column("next_at", _INSTANT),
    Column("provider", Text),
    Column("provider_id", Text),
    Column("accepted_at", _INSTANT),
    Column("reject_class", Text),
    Column("reject_code", Text),
    Column("matched_by", Text),
    Column("planned_at", _INSTANT, nullable=False),
    Column("updated_at", _INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
    UniqueConstraint("enrollment_id", "step", "channel"),
    CheckConstraint(
        "state in ('planned', 'deferred', 'claimed', 'sending', 'unknown', 'accepted', 'cancelled',"
        " 'expired', 'rejected', 'suppressed', 'unknown_final')",
        name="known_state",
    ),
)
Index(
    "messages_due",
    _tables["messages"].c.state,
    _tables["messages"].c.channel,
    _tables["messages"].c.not_before,
)
Index(
    "messages_by_address",
    _tables["messages"].c.address,
    _tables["messages"].c.accepted_at,
)
Index(
    "messages_by_customer",
    _tables["messages"].c.customer_id,
    _tables["messages"].c.accepted_at,
)
Index(
    "messages_by_provider_id",
    _tables["messages"].c.provider_id,
)

Table(
    "attempts",
    _metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("n_messages", Integer, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("sg_batch_id", Text),
    Column("sg_send_at", _INSTANT),
    Column("started_at", _INSTANT, nullable=False),
    Column("deadline_at", _INSTANT, nullable=False),
    Column("finished_at", _INSTANT),
    Column("outcome", Text),
    Column("http_status", Integer),
    Column("provider_code", Text),
    Column("request_id", Text),
    Column("x_message_id", Text),
    Column("retry_after", Integer),
    Column("error_text", Text),
)

Table(
    "attempt_messages",
    _metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("pos", Integer, nullable=False),
)
Index(
    "attempt_messages_by_message",
    _tables["attempt_messages"].c.message_id,
)

Table(
    "evidence",
    _metadata,
    Column("evidence_id", Text, primary_key=True),
    Column("attempt_id", Text),
    Column("message_id", Text),
    Column("kind", Text, nullable=False),
    Column("seen_at", _INSTANT, nullable=False),
    Column("payload", Text),
)

Table(
    "provider_events",
    _metadata,
    Column("dedupe_key", Text, primary_key=True),
    Column("semantic_key", Text, nullable=False),
    Column("raw_ref", Text, nullable=False),
    Column("n_seen", Integer, nullable=False),
    Column("provider", Text, nullable=False),
    Column("message_id", Text),
    Column("provider_id", Text),
    Column("kind", Text, nullable=False),
    Column("occurred_at", _INSTANT, nullable=False),
    Column("received_at", _INSTANT, nullable=False),
    Column("is_machine", Integer, nullable=False),
    Column("error_code", Text),
    Column("link", Text),
    Column("detail_json", Text, nullable=False),
    Column("matched_by", Text),
    Column("lapse_reason", Text),
    Column("intent", Text),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
)
Index(
    "provider_events_by_message",
    _tables["provider_events"].c.message_id,
)

Table(
    "suppressions",
    _metadata,
    Column("suppression_id", Text, primary_key=True),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("occurred_at", _INSTANT, nullable=False),
    Column("recorded_at", _INSTANT, nullable=False),
    Column("lifted_at", _INSTANT),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
)
Index(
    "suppressions_by_address",
    _tables["suppressions"].c.channel_group,
    _tables["suppressions"].c.address,
)

Table(
    "address_keys",
    _metadata,
    Column("key_id", Text, primary_key=True),
    Column("inner_pad", Text, nullable=False),
    Column("outer_pad", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
)

Table(
    "conversations",
    _metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("customer_id", Text),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("hidden_address", Text, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("last_reply_at", _INSTANT, nullable=False),
    Column("waiting_since", _INSTANT),
    Column("resolved_at", _INSTANT),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
)
Index(
    "conversations_by_address",
    _tables["conversations"].c.address,
    _tables["conversations"].c.last_reply_at,
)
Index(
    "conversations_by_customer",
    _tables["conversations"].c.customer_id,
    _tables["conversations"].c.last_reply_at,
)
Index(
    "conversations_waiting",
    _tables["conversations"].c.waiting_since,
)

Table(
    "replies",
    _metadata,
    Column("reply_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("received_at", _INSTANT, nullable=False),
    Column("message_id", Text),
)
Index(
    "replies_by_conversation",
    _tables["replies"].c.conversation_id,
    _tables["replies"].c.received_at,
)

Table(
    "preferences",
    _metadata,
    Column("preference_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("occurred_at", _INSTANT, nullable=False),
    Column("recorded_at", _INSTANT, nullable=False),
    Column("until_at", _INSTANT),
    Column("withdrawn_at", _INSTANT),
    Column("version", Integer, nullable=False),
    Column("exported_version", Integer, nullable=False),
    CheckConstraint("kind in ('pause', 'fewer', 'stop')"),
)
Index(
    "preferences_by_customer",
    _tables["preferences"].c.customer_id,
)
Index(
    "preferences_by_address",
    _tables["preferences"].c.address,
)

Table(
    "links",
    _metadata,
    Column("token", Text, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("pos", Integer, nullable=False),
    Column("url", Text, nullable=False),
)
Index(
    "links_by_message",
    _tables["links"].c.message_id,
)

Table(
    "responses",
    _metadata,
    Column("reply_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("message_id", Text),
    Column("reason", Text),
    Column("decided_at", _INSTANT, nullable=False),
)
Index(
    "responses_by_conversation",
    _tables["responses"].c.conversation_id,
    _tables["responses"].c.decided_at,
)

Table(
    "answers",
    _metadata,
    Column("answer_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("attempt_id", Text, nullable=False),
    Column("provider_id", Text),
    Column("started_at", _INSTANT, nullable=False),
    Column("finished_at", _INSTANT),
    CheckConstraint("state in ('sending', 'sent', 'failed', 'unknown')", name="known_answer_state"),
)
Index(
    "answers_by_conversation",
    _tables["answers"].c.conversation_id,
    _tables["answers"].c.started_at,
)

Table(
    "channel_gates",
    _metadata,
    Column("channel", Text, primary_key=True),
    Column("sender", Text, primary_key=True),
    Column("tokens", Numeric(18, 6)),
    Column("concurrency", Integer),
    Column("open_until", _INSTANT),
    Column("reason", Text),
)

Table(
    "positions",
    _metadata,
    Column("reader", Text, primary_key=True),
    Column("position", Text, nullable=False),
)

Table(
    "meta",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

for _name in (
    "enrollments",
    "messages",
    "provider_events",
    "suppressions",
    "preferences",
    "address_keys",
    "conversations",
):
    _due = _tables[_name].c.version > _tables[_name].c.exported_version
    Index(
        f"{_name}_due_for_export",
        _tables[_name].c.version,
        sqlite_where=_due,
        postgresql_where=_due,
    )

"""The ledger's tables: one set of SQLAlchemy Core tables for SQLite and PostgreSQL.

Rows that dbt reads carry `version` (raised by every write) and `exported_version` (the
version that last reached landing); a row is due for export while they differ, so an
export that dies half way repeats itself harmlessly.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from winback.ledger._states import TRANSITIONS


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant in Python; SQLite keeps it without its zone, PostgreSQL with."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes aware datetimes only")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Cost(TypeDecorator[Decimal]):
    """Cents with four places; SQLite, which has no decimals, keeps them as text."""

    impl = Numeric(12, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric(12, 4))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        value = value.quantize(Decimal("0.0001"))
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


metadata = MetaData()


def _exported() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("version", Integer, nullable=False, default=1),
        Column("exported_version", Integer, nullable=False, default=0),
    )


enrollments = Table(
    "enrollments",
    metadata,
    Column("enrollment_id", Text, primary_key=True),
    Column("playbook_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("episode_order_id", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("variant", Text, nullable=False),
    # Of all cells when they entered (`entrants` says how), so that an edit bends no test that runs.
    Column("planned_shares", Text),
    # Of the customers whom no playbook with a holdout writes to; null before there was one.
    Column("global_holdout_share", Float),
    Column("offer_id", Text),
    Column("offer_expires_at", UtcDateTime),
    Column("entered_at", UtcDateTime, nullable=False),
    *_exported(),
    # A person lapses again only after buying again: one enrollment per episode, ever.
    UniqueConstraint("playbook_id", "customer_id", "episode_order_id"),
    CheckConstraint("arm in ('treatment', 'holdout')"),
)

# How a playbook's test is judged, written with the first who are dealt by these shares and never
# again: a number that is edited later bends no test that runs.
experiment_plans = Table(
    "experiment_plans",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("playbook_id", Text, nullable=False),
    Column("planned_shares", Text, nullable=False),
    # Who entered earlier is not counted: somebody may have looked at them.
    Column("started_at", UtcDateTime, nullable=False),
    Column("window_days", Integer, nullable=False),
    Column("base_rate", Float, nullable=False),
    Column("holdout_share", Float, nullable=False),
    # The difference that "no difference" is measured by, and the one that customers suffice for.
    Column("smallest_effect", Float, nullable=False),
    Column("planned_effect", Float, nullable=False),
    Column("customers", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("min_customers_per_arm", Float, nullable=False),
    Column("min_expected_reactivations", Float, nullable=False),
    *_exported(),
    UniqueConstraint("playbook_id", "planned_shares"),
    CheckConstraint("customers > 0 and looks > 0"),
)

# That a customer left a playbook before its end, once ever: the order that ended it may be
# refunded, cancelled or gone from the shop's files tomorrow.
enrollment_ends = Table(
    "enrollment_ends",
    metadata,
    Column("enrollment_id", Text, primary_key=True),
    Column("exit_reason", Text, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    *_exported(),
)

# A message that SQL wanted and rendering could not write: which rule, and since when.
# Once it is written, its row in `messages` says so.
unwritten = Table(
    "unwritten",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("enrollment_id", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    *_exported(),
)

messages = Table(
    "messages",
    metadata,
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
    # All that it was rendered from, save the person; null: by a human, or by an earlier winback.
    Column("content_sha256", Text),
    # What its step is about: a reply to one that asks for feedback is feedback.
    Column("content_tag", Text),
    # The offer that it makes, and until when; empty: none, null: an earlier winback wrote it. What
    # its step gives beside the offer is no part of it.
    Column("offer_id", Text),
    Column("offer_expires_at", UtcDateTime),
    # What it is for and who wrote it: vocabulary.py.
    Column("purpose", Text, nullable=False, server_default="campaign"),
    Column("written_by", Text, nullable=False, server_default="template"),
    # The content series that it belongs to, whose caps hold for it and for it alone; null: the
    # caps of all that we begin.
    Column("cap_scope", Text),
    Column("cap_per_24h", Integer),
    Column("cap_per_7d", Integer),
    Column("segments", Integer),
    Column("cost_cents", Cost),
    # Null while no plan confirms the message: then it can't be claimed.
    Column("not_before", UtcDateTime),
    Column("window_closes_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("zones", Text, nullable=False),
    Column("local_opens_minute", Integer, nullable=False),
    Column("local_closes_minute", Integer, nullable=False),
    # Until when the consent holds that let it be planned; null: it has no end of its own.
    Column("consent_expires_at", UtcDateTime),
    # The law's cap where the person may be, beside the shop's own; null: none.
    Column("max_per_24h", Integer),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("attempt_no", Integer, nullable=False, default=0),
    Column("claim_token", Text),
    Column("lease_until", UtcDateTime),
    Column("next_at", UtcDateTime),
    Column("provider", Text),
    Column("provider_id", Text),
    Column("accepted_at", UtcDateTime),
    Column("reject_class", Text),
    Column("reject_code", Text),
    Column("matched_by", Text),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    *_exported(),
    UniqueConstraint("enrollment_id", "step", "channel"),
    CheckConstraint(
        "state in (" + ", ".join(f"'{state}'" for state in TRANSITIONS) + ")", name="known_state"
    ),
)
# In the order of a claim: a mailing shares one `not_before`, and is not to be sorted anew for each.
Index(
    "messages_due",
    messages.c.state,
    messages.c.channel,
    messages.c.not_before,
    messages.c.message_id,
)
Index("messages_by_address", messages.c.address, messages.c.accepted_at)
Index("messages_by_customer", messages.c.customer_id, messages.c.accepted_at)
Index("messages_by_provider_id", messages.c.provider_id)
# With the cost, so that what was spent since a day is added up from the index alone.
Index("messages_by_acceptance", messages.c.accepted_at, messages.c.cost_cents)

# What the provider charged, in its own currency; told once, days after a message left.
prices = Table(
    "prices",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("cost_cents", Cost, nullable=False),
    Column("currency", Text, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    *_exported(),
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("n_messages", Integer, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("sg_batch_id", Text),
    Column("sg_send_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("deadline_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("outcome", Text),
    Column("http_status", Integer),
    Column("provider_code", Text),
    Column("request_id", Text),
    Column("x_message_id", Text),
    Column("retry_after", Integer),
    Column("error_text", Text),
)

_UNANSWERED = text("outcome = 'unknown' and sg_batch_id is not null")
# The few held-back requests without a response: see sending/_unresolved_mail.py.
Index(
    "attempts_unanswered",
    attempts.c.sg_send_at,
    sqlite_where=_UNANSWERED,
    postgresql_where=_UNANSWERED,
)

attempt_messages = Table(
    "attempt_messages",
    metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    # The index in the JSON we sent, which is what a provider's error names.
    Column("pos", Integer, nullable=False),
    # Which attempt of the message it is; what provably did not leave does not count. Null: made by
    # an earlier winback.
    Column("attempt_no", Integer),
)
Index("attempt_messages_by_message", attempt_messages.c.message_id)

evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", Text, primary_key=True),
    Column("attempt_id", Text),
    Column("message_id", Text),
    Column("kind", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("payload", Text),
)
Index("evidence_by_message", evidence.c.message_id)
Index("evidence_by_attempt", evidence.c.attempt_id)

# How often the provider was asked how far a message has come, since callbacks get lost.
polls = Table(
    "polls",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("polled_at", UtcDateTime, nullable=False),
    Column("n_polls", Integer, nullable=False),
    # Null: it was asked for the last time.
    Column("next_at", UtcDateTime),
)

provider_events = Table(
    "provider_events",
    metadata,
    Column("dedupe_key", Text, primary_key=True),
    Column("semantic_key", Text, nullable=False),
    Column("raw_ref", Text, nullable=False),
    Column("n_seen", Integer, nullable=False, default=1),
    Column("provider", Text, nullable=False),
    Column("message_id", Text),
    Column("provider_id", Text),
    Column("kind", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("is_machine", Integer, nullable=False, default=0),
    Column("error_code", Text),
    # A hash of the clicked link. Of a link of ours its place in the message, and its address
    # without query and fragment.
    Column("link", Text),
    Column("link_pos", Integer),
    Column("link_address", Text),
    Column("detail_json", Text, nullable=False, default="{}"),
    Column("matched_by", Text),
    # Why somebody stayed away, as coded from a reply; what they wrote is in detail_json.
    Column("lapse_reason", Text),
    # The phrase of replies.toml that it was coded by, and nothing else that they wrote.
    Column("lapse_words", Text),
    # What a reply asks for, as it was understood.
    Column("intent", Text),
    *_exported(),
)
Index("provider_events_by_message", provider_events.c.message_id)
Index("provider_events_by_kind", provider_events.c.kind, provider_events.c.occurred_at)

suppressions = Table(
    "suppressions",
    metadata,
    Column("suppression_id", Text, primary_key=True),
    # `email` or `phone`: a stop on one phone channel stops all of them (rule C8).
    Column("channel_group", Text, nullable=False),
    # `hmac:` and the hash once the person is erased; `sha256:` and the hash in a hashed list.
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    *_exported(),
)
Index("suppressions_by_address", suppressions.c.channel_group, suppressions.c.address)

address_keys = Table(
    "address_keys",
    metadata,
    # One row: the key of the HMAC that stands for an erased address, as its two pads in hex.
    Column("key_id", Text, primary_key=True),
    Column("inner_pad", Text, nullable=False),
    Column("outer_pad", Text, nullable=False),
    *_exported(),
)

# What people write to us and what we reply, as one thread. Marketing to the person
# waits while a human owes them a reply.
conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    # Null while no message of ours has gone to the address.
    Column("customer_id", Text),
    # Where they wrote from last, which is where a reply goes.
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    # Its keyed hash, which is all of it that leaves the ledger.
    Column("hidden_address", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_reply_at", UtcDateTime, nullable=False),
    # Since when a human owes a reply; null: nobody does.
    Column("waiting_since", UtcDateTime),
    Column("resolved_at", UtcDateTime),
    *_exported(),
)
Index("conversations_by_address", conversations.c.address, conversations.c.last_reply_at)
Index("conversations_by_customer", conversations.c.customer_id, conversations.c.last_reply_at)
Index("conversations_waiting", conversations.c.waiting_since)

# Never exported: the words are theirs.
replies = Table(
    "replies",
    metadata,
    Column("reply_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    # The message of ours that it answers, as far as we can tell.
    Column("message_id", Text),
    # A mail's own Message-ID, which a reply to it names.
    Column("mail_id", Text),
)
Index("replies_by_conversation", replies.c.conversation_id, replies.c.received_at)

preferences = Table(
    "preferences",
    metadata,
    # What somebody asked of us beyond silence at one address; _preferences.py says whom it binds.
    Column("preference_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    # What it covers; `address` is where it was said, and may be of the other group.
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    # When it ends by itself; null: never.
    Column("until_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    *_exported(),
    CheckConstraint("kind in ('pause', 'fewer', 'stop')"),
)
Index("preferences_by_customer", preferences.c.customer_id)
Index("preferences_by_address", preferences.c.address)

# Who asked to join a content series by its keyword: the consent to that series, and to nothing
# else, with what proves it. Each moment is written once and never changed.
series_joins = Table(
    "series_joins",
    metadata,
    Column("join_id", Text, primary_key=True),
    Column("series_id", Text, nullable=False),
    # Null: no message of ours had gone to the number, so a human has to look.
    Column("customer_id", Text),
    Column("channel_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    # Its keyed hash, which is all of it that leaves the ledger.
    Column("hidden_address", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    # What they wrote, in which reply, and which message of ours it answered.
    Column("asked_words", Text, nullable=False),
    Column("asked_reply_id", Text, nullable=False),
    Column("message_id", Text),
    # Until when a yes counts; null: the keyword alone is enough.
    Column("confirm_by", UtcDateTime),
    Column("granted_at", UtcDateTime),
    Column("granted_words", Text),
    Column("granted_reply_id", Text),
    # What they had been told when they agreed.
    Column("terms", Text),
    Column("ended_at", UtcDateTime),
    # `left`, `declined`, or the reason of the suppression that ended it.
    Column("ended_by", Text),
    Column("recorded_at", UtcDateTime, nullable=False),
    *_exported(),
)
Index("series_joins_by_address", series_joins.c.channel_group, series_joins.c.address)

# Codes of customers' own: a pool an offer, each code given once, to one enrollment.
offer_codes = Table(
    "offer_codes",
    metadata,
    # The code in capitals and without blanks: how it is compared.
    Column("code_key", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("offer_id", Text, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    # When it ends at the shop; null: the shop told no end.
    Column("ends_at", UtcDateTime),
    # Null while nobody has it.
    Column("enrollment_id", Text),
    Column("customer_id", Text),
    Column("given_at", UtcDateTime),
    *_exported(),
    UniqueConstraint("enrollment_id", "offer_id", name="one_code_per_enrollment"),
)
# Not by enrollment_id: SQLite would look for the free ones in the index of the unique ones.
_FREE = text("given_at is null")
# In the order in which they are given.
Index(
    "offer_codes_free",
    offer_codes.c.offer_id,
    offer_codes.c.ends_at,
    offer_codes.c.code_key,
    sqlite_where=_FREE,
    postgresql_where=_FREE,
)

# Codes made here that a shop has not confirmed yet: of no pool, so that nobody is given one.
pending_codes = Table(
    "pending_codes",
    metadata,
    Column("code_key", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("offer_id", Text, nullable=False),
    # The shop that they are for: its address.
    Column("shop", Text, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    # The shop's own id of the call that was to create it, where one is under way.
    Column("bulk_id", Text),
)

# Discounts at a shop that holds many codes on one: a later call adds to the same.
shop_discounts = Table(
    "shop_discounts",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("offer_id", Text, primary_key=True),
    # What it gives, such as `percent 20`: an offer that was edited needs another one.
    Column("terms", Text, primary_key=True),
    Column("ends_at", UtcDateTime, primary_key=True),
    Column("discount_id", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

links = Table(
    "links",
    metadata,
    # Where a click link of a message leads; written with the message and never changed.
    Column("token", Text, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("pos", Integer, nullable=False),
    Column("url", Text, nullable=False),
)
Index("links_by_message", links.c.message_id)

# What a responder was asked, once a reply: the message that replies to it, or why a human must.
responses = Table(
    "responses",
    metadata,
    Column("reply_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    # Null: handed over, for this reason.
    Column("message_id", Text),
    Column("reason", Text),
    Column("decided_at", UtcDateTime, nullable=False),
)
Index("responses_by_conversation", responses.c.conversation_id, responses.c.decided_at)

# Consents that a load took back and no plan knows of yet; never exported.
revocations = Table(
    "revocations",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("channel_group", Text, primary_key=True),
    # Loads are named by their time.
    Column("load_id", Text, primary_key=True),
    # Keyed, as of an erased address: nobody need read it.
    Column("hidden_address", Text),
    Column("occurred_at", UtcDateTime, nullable=False),
)
Index("revocations_by_address", revocations.c.hidden_address)

# What a provider's records showed of the time since a backup, in the ledger that was restored from
# it: what left, told by our id or, where the provider keeps none, by number and words. No address
# is in it. Never exported: a plan binds each to the message that it is of.
found_sends = Table(
    "found_sends",
    metadata,
    Column("provider_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("channel_group", Text, nullable=False),
    Column("message_id", Text),
    Column("attempt_id", Text),
    # Keyed, as of an erased address.
    Column("hidden_address", Text, nullable=False),
    # A hash of its letters and digits, and the tokens of our links in it, each with a blank.
    Column("words_sha256", Text, nullable=False),
    Column("link_tokens", Text, nullable=False),
    Column("left_at", UtcDateTime, nullable=False),
    # The message of the ledger that it is of.
    Column("bound_to", Text),
)
Index("found_sends_by_message", found_sends.c.message_id)
Index("found_sends_by_address", found_sends.c.hidden_address)

# What a bandit deals by, a move a row: written before anybody is dealt by it, and never changed.
# With its arms it holds all that the chances rest on, so that anybody can reckon them again.
bandit_moves = Table(
    "bandit_moves",
    metadata,
    Column("move_id", Text, primary_key=True),
    Column("playbook_id", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
    # What a person's id is hashed with, so that the same one is dealt the same arm again.
    Column("seed", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("why", Text, nullable=False),
    # The operator's bounds at the time.
    Column("min_propensity", Float, nullable=False),
    Column("random_control_share", Float, nullable=False),
    Column("discount", Float, nullable=False),
    Column("start_assigned", Integer, nullable=False),
    Column("start_responders", Integer, nullable=False),
    Column("max_opt_out_rate", Float, nullable=False),
    Column("max_complaint_rate", Float, nullable=False),
    Column("harm_alpha", Float, nullable=False),
    *_exported(),
    UniqueConstraint("playbook_id", "step", "moved_at"),
    CheckConstraint("phase in ('uniform', 'learning')"),
)

# An arm in a move: its evidence, its posterior Beta(alpha, beta), and its chance.
bandit_arms = Table(
    "bandit_arms",
    metadata,
    Column("move_id", Text, primary_key=True),
    Column("arm", Text, primary_key=True),
    Column("assigned", Integer, nullable=False),
    Column("responded", Integer, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("beta", Float, nullable=False),
    # Of a return, and of dealing the arm once. They are means, so they have fractions of a cent.
    Column("value_cents", Float, nullable=False),
    Column("cost_cents", Float, nullable=False),
    Column("reached", Integer, nullable=False),
    Column("opted_out", Integer, nullable=False),
    Column("complained", Integer, nullable=False),
    # The chance that it is worth most, and the chance with which it is dealt.
    Column("best_millionths", Integer, nullable=False),
    Column("millionths", Integer, nullable=False),
    # What stopped it; empty: nothing did.
    Column("stopped_by", Text, nullable=False),
    # The operator's bounds of its chance.
    Column("least_share", Float, nullable=False, server_default="0.1"),
    Column("most_share", Float, nullable=False, server_default="1.0"),
    *_exported(),
    CheckConstraint("millionths between 0 and 1000000"),
    CheckConstraint("stopped_by in ('', 'opt_outs', 'complaints', 'operator')"),
)

# Who was dealt which arm of a step by which move: written before the message is, and never changed,
# so that a person who waits keeps an arm whatever is learned meanwhile.
bandit_choices = Table(
    "bandit_choices",
    metadata,
    Column("enrollment_id", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("move_id", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("dealt_by", Text, nullable=False),
    # The chance of the arm, whichever of the two had dealt it: what an estimate weighs by.
    Column("propensity", Float, nullable=False),
    # Arms whose offer could not be given to this person then, by name with commas: the chance is
    # among the others.
    Column("barred_arms", Text, nullable=False, server_default=""),
    # The offer of the arm and its end; `none`: the message makes none, null: that of the entry.
    Column("offer_id", Text),
    Column("offer_expires_at", UtcDateTime),
    Column("chosen_at", UtcDateTime, nullable=False),
    *_exported(),
    CheckConstraint("dealt_by in ('bandit', 'random')"),
    CheckConstraint("propensity > 0 and propensity <= 1"),
)

# What stops a channel, and the pace that its workers share; sending/brakes/_stops.py says how.
channel_brakes = Table(
    "channel_brakes",
    metadata,
    # `*`: every channel.
    Column("channel", Text, primary_key=True),
    # Empty: the whole channel; `step:<playbook>:<step>`: one step; else a sender and its rate.
    Column("sender", Text, primary_key=True),
    # What the sender may send now, and the moment at which that was so.
    Column("tokens", Numeric(18, 6, asdecimal=False)),
    Column("refilled_at", UtcDateTime),
    # How many calls at once; null: as many as the channel takes.
    Column("concurrency", Integer),
    # The provider asked everybody to wait until then.
    Column("paused_until", UtcDateTime),
    # Why it is stopped, since when, and until when; `operator` has no end of its own.
    Column("kind", Text),
    Column("reason", Text),
    Column("stopped_at", UtcDateTime),
    Column("stopped_until", UtcDateTime),
    # An operator has seen what came back before: rates count from here.
    Column("counts_from", UtcDateTime),
)

# What a person was asked to let leave: the waiting messages of a step, by a hash of who gets what
# for how much. What was asked never changes, and the last decision counts. Never exported.
approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", Text, primary_key=True),
    Column("playbook_id", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("request_sha256", Text, nullable=False),
    # Why it was asked, comma-separated; sending/approval/_judge.py says when.
    Column("reasons", Text, nullable=False),
    # The `content_sha256` of its messages, as a JSON list.
    Column("contents_json", Text, nullable=False),
    Column("n_messages", Integer, nullable=False),
    Column("cost_cents", Cost, nullable=False),
    # The latest `planned_at` among its messages, by the clock of runs. All else is real time.
    Column("planned_until", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    # Undecided by then, it is asked anew.
    Column("expires_at", UtcDateTime, nullable=False),
    Column("decision", Text),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text),
    Column("note", Text),
    CheckConstraint("decision in ('yes', 'no')", name="known_decision"),
)
Index("approvals_by_step", approvals.c.playbook_id, approvals.c.step)

# What each content reads like, for two invented people: what an approver looks at.
content_samples = Table(
    "content_samples",
    metadata,
    Column("content_sha256", Text, primary_key=True),
    # 1, 2: the first has all facts that are known, the second none.
    Column("pos", Integer, primary_key=True),
    Column("about", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("payload_json", Text, nullable=False),
    Column("segments", Integer),
)

# Runs that hold claims. A run that lives renews its row; when it ends, the row goes.
claim_holders = Table(
    "claim_holders",
    metadata,
    Column("claim_token", Text, primary_key=True),
    # In real time, whatever clock the run goes by: a dead run's clock may stand still too.
    Column("alive_until", UtcDateTime, nullable=False),
)

positions = Table(
    "positions",
    metadata,
    # How far a reader of the append-only event log has come.
    Column("reader", Text, primary_key=True),
    Column("position", Text, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

_EXPORTED = (
    enrollments,
    experiment_plans,
    enrollment_ends,
    unwritten,
    messages,
    prices,
    provider_events,
    suppressions,
    preferences,
    address_keys,
    conversations,
    series_joins,
    offer_codes,
    bandit_moves,
    bandit_arms,
    bandit_choices,
)
for _table in _EXPORTED:
    Index(
        f"{_table.name}_due_for_export",
        _table.c.version,
        sqlite_where=_table.c.version > _table.c.exported_version,
        postgresql_where=_table.c.version > _table.c.exported_version,
    )

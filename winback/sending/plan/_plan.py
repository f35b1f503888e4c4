"""Planning: what SQL decided becomes frozen messages in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Row, select

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.content import (
    LINT,
    PREVIEW_TOKEN,
    Codes,
    Inspector,
    RenderBlocked,
    Rendered,
    Renderer,
    example_codes,
    has_own_codes,
)
from winback.ledger import (
    CAMPAIGN,
    WAITING,
    Ledger,
    among,
    forget_revocations,
    insert_new,
    keep_unwritten,
    link_token,
    note_first_plan,
    note_planned,
    note_planning,
    read_pools,
    reschedule,
    sign_token,
    tables,
    transition,
)
from winback.sending._chunks import chunks
from winback.sending._found import Found
from winback.sending.plan._codes import CodesOf
from winback.sending.plan._rewrite import rewrite, unapproved
from winback.sending.plan._samples import Samples

_m = tables.messages.c
# What SQL names the source of a price that no country has.
DEAREST: Final = "dearest"
# The columns that a later plan may change of a message that still waits; its words change only
# while nobody has approved them.
_LIMITS = ("consent_expires_at", "max_per_24h")
_SCHEDULE = (
    "not_before", "window_closes_at", "expires_at", "zones",
    "local_opens_minute", "local_closes_minute", *_LIMITS,
)  # fmt: skip
_RENDERS = pa.schema(
    [(name, pa.string()) for name in ("message_id", "playbook_id")]
    + [("step", pa.int64())]
    + [(name, pa.string()) for name in ("customer_id", "channel", "variant", "payload_json")]
    + [("segments", pa.int64()), ("cost_cents", pa.decimal128(12, 4)), ("unwritten", pa.string())]
)
_IDENTITY = (
    "message_id", "enrollment_id", "playbook_id", "step", "customer_id", "channel", "variant",
    "address",
)  # fmt: skip
# The columns that a plan decides once: what the message is about, and whose caps hold for it.
_FROZEN = ("content_tag", "cap_scope", "cap_per_24h", "cap_per_7d", "offer_expires_at")


@dataclass
class PlanReport:
    """What a plan wrote, or in a dry run would write."""

    planned: int = 0
    rescheduled: int = 0
    parked: int = 0
    # Messages that nobody approved, and that read otherwise now.
    rewritten: int = 0
    cancelled: int = 0
    # Of the planned, in a ledger that was restored from a backup: those that had left since, and
    # those that may have left and are not sent.
    already_sent: int = 0
    held: int = 0
    sms_parts: int = 0
    cost_cents: Decimal = Decimal(0)
    # That of each channel, in cents too.
    channel_costs: dict[str, Decimal] = field(default_factory=dict)
    # Three letters; empty where the shop names none.
    currency: str = ""
    # Messages to countries without a price, which count as the dearest of their channel.
    unpriced: int = 0
    # Messages that could not be written, by reason, and what would help.
    blocked: Counter[str] = field(default_factory=Counter)
    hints: dict[str, str] = field(default_factory=dict)
    # The rule that each of them failed, by enrollment and step.
    unwritten: dict[tuple[str, int], str] = field(default_factory=dict)
    # Pools of codes that will not do for the week, in words.
    scarce: list[str] = field(default_factory=list)

    @property
    def render_blocked(self) -> int:
        return self.blocked.total()

    def summary(self) -> str:
        """One line with the numbers that matter."""
        parts = [f"{self.planned:,} messages planned for {self._cost()}"]
        parts += [f"{self.rescheduled:,} moved to another time"] if self.rescheduled else []
        parts += [f"{self.rewritten:,} written anew"] if self.rewritten else []
        parts += [f"{self.parked:,} that wait without a time"] if self.parked else []
        parts += [f"{self.cancelled:,} cancelled"] if self.cancelled else []
        if self.already_sent:
            parts.append(f"{self.already_sent:,} of them had left before the ledger was restored")
        if self.held:
            parts.append(f"{self.held:,} of them may have left, and are held")
        parts += [f"{self.render_blocked:,} that can't be written"] if self.render_blocked else []
        return ", ".join(parts)

    def _cost(self) -> str:
        """The whole cost, and that of each channel where there are several."""
        line = f"{self.cost_cents / 100:.2f} {self.currency}".rstrip()
        if len(self.channel_costs) > 1:
            each = sorted(self.channel_costs.items())
            line += f" ({'; '.join(f'{name} {cents / 100:.2f}' for name, cents in each)})"
        if self.unpriced:
            line += f", {self.unpriced:,} of them to a country without a price, as the dearest"
        return line

    def block(self, row: Mapping[str, Any], why: RenderBlocked) -> None:
        self.unwritten[row["enrollment_id"], row["step"]] = why.rule
        self.blocked[why.reason] += 1
        # Each rule of the lint is something else to mend.
        self.hints.setdefault(why.rule if why.reason == LINT else why.reason, why.detail)

    def unwritten_of(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Those of these rows that could not be written, as the ledger keeps them."""
        names = ("message_id", "enrollment_id", "step")
        keyed = ((row, (row["enrollment_id"], row["step"])) for row in rows)
        return [
            {**{name: row[name] for name in names}, "rule": self.unwritten[key]}
            for row, key in keyed
            if key in self.unwritten
        ]

    def add(self, row: Mapping[str, Any], rendered: Rendered, cost_cents: Decimal) -> None:
        self.planned += 1
        channel = row["channel"]
        self.channel_costs[channel] = self.channel_costs.get(channel, Decimal(0)) + cost_cents
        self.unpriced += row.get("price_source") == DEAREST
        self.sms_parts += rendered.sms_parts or 0
        self.cost_cents += cost_cents


def plan(
    ledger: Ledger,
    rows: Iterable[Mapping[str, Any]],
    settings: Settings,
    clock: Clock,
    *,
    load_id: str = "",
    decided_by: str = "",
) -> PlanReport:
    """Bring the ledger in line with the outbox. Safe to repeat, and to repeat after a kill.

    New messages are rendered and frozen; those that wait get their new windows, and new words
    while they wait for approval; those that wait and are no longer in the outbox are parked, so
    that nothing can claim them. `load_id`
    is the last load that the outbox knows of: consents taken back by then need no guard.
    `decided_by` names the set that the outbox is of, so that nobody plans it again.
    """
    report, renderer = PlanReport(currency=settings.currency), Renderer(settings)
    confirmed = set[str]()
    inspector = Inspector(renderer, settings)
    samples = Samples(renderer, settings)
    began_at = clock.now()
    with ledger.write() as connection:
        note_planning(connection, at=began_at)
        note_first_plan(connection, at=began_at)
    for chunk in chunks(rows):
        wanted = [row for row in chunk if row["action"] == "plan"]
        confirmed.update(row["message_id"] for row in wanted)
        known = _known(ledger, [row["message_id"] for row in wanted])
        fresh = [row for row in wanted if row["message_id"] not in known]
        anew = unapproved(ledger, settings, [row for row in wanted if row["message_id"] in known])
        write = partial(
            _write_all, renderer=renderer, inspector=inspector, settings=settings, ledger=ledger
        )
        written, links = write(_plain(fresh), report=report, at=clock.now())
        rewritten, new_links = write(_plain(anew), report=PlanReport(), at=clock.now())
        with ledger.write() as connection:
            # What shows a code of one's own is written where nobody else gives codes.
            write_own = partial(write, at=clock.now(), connection=connection)
            own, own_links = write_own(_own(fresh), report=report)
            own_anew, own_new_links = write_own(_own(anew), report=PlanReport())
            written, links = written + own, links + own_links
            rewritten, new_links = rewritten + own_anew, new_links + own_new_links
            if (found := Found.of(connection, ledger)) is not None:
                due = {row["message_id"]: row.get("due_at") for row in fresh}
                left, held = found.settle(written, due, at=clock.now())
                report.already_sent, report.held = report.already_sent + left, report.held + held
            samples.keep(connection, [*fresh, *anew], [*written, *rewritten])
            insert_new(connection, tables.messages, written)
            insert_new(connection, tables.links, links)
            report.rewritten += rewrite(connection, rewritten, new_links, at=clock.now())
            keep_unwritten(connection, report.unwritten_of(fresh), at=clock.now())
            report.rescheduled += _reschedule(connection, wanted, known, at=clock.now())
            report.cancelled += _cancel(connection, chunk, at=clock.now())
    report.parked = _park(ledger, confirmed, at=clock.now())
    with ledger.write() as connection:
        forget_revocations(connection, load_id=load_id, planned_at=began_at)
        if decided_by:
            note_planned(connection, decided_by)
    with ledger.read() as connection:
        pools = read_pools(connection, at=clock.now())
    report.scarce = [str(pool) for pool in pools if pool.is_scarce]
    return report


def dry_run_plan(
    rows: Iterable[Mapping[str, Any]], settings: Settings, *, keep_in: Path | None = None
) -> PlanReport:
    """What `plan` would write: everything is rendered and priced, no ledger is touched.

    `keep_in` gets a row a message, its words and its cost, or why it can't be written; they name
    people, so only the owner may read that file.
    """
    report, renderer = PlanReport(currency=settings.currency), Renderer(settings)
    inspector = Inspector(renderer, settings)
    way_out = _url(settings, "u", "preview")
    with ExitStack() as stack:
        file: pq.ParquetWriter | None = None
        if keep_in is not None:
            keep_in.touch(mode=0o600)
            file = stack.enter_context(pq.ParquetWriter(keep_in, _RENDERS))
        for chunk in chunks(rows):
            wanted = [row for row in chunk if row["action"] == "plan"]
            written = [
                _write(
                    row,
                    renderer,
                    report,
                    inspector=inspector,
                    unsubscribe_url=way_out,
                    link_at=_click_links(settings, row["channel"], lambda _: PREVIEW_TOKEN),
                    codes=example_codes,
                )
                for row in wanted
            ]
            if file is not None:
                kept = [message[0] for message in written if message is not None]
                unwritten = {row["message_id"]: row["rule"] for row in report.unwritten_of(wanted)}
                kept += [
                    {**row, "unwritten": unwritten[row["message_id"]]}
                    for row in wanted
                    if row["message_id"] in unwritten
                ]
                file.write_table(pa.Table.from_pylist(kept, schema=_RENDERS))
    return report


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if not has_own_codes(row)]


def _own(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if has_own_codes(row)]


def _write_all(
    rows: Sequence[Mapping[str, Any]],
    renderer: Renderer,
    settings: Settings,
    report: PlanReport,
    *,
    inspector: Inspector,
    ledger: Ledger,
    at: datetime,
    connection: Connection | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The messages and their click links, as rows of the ledger.

    `connection` is the write transaction in which codes of customers' own are given.
    """
    messages, links = [], []
    for row in rows:
        message_id = row["message_id"]
        token_at = partial(link_token, ledger, message_id)
        codes = CodesOf(connection, row) if connection is not None else None
        written = _write(
            row,
            renderer,
            report,
            inspector=inspector,
            unsubscribe_url=_url(settings, "u", sign_token(ledger, message_id)),
            link_at=_click_links(settings, row["channel"], token_at),
            codes=codes,
        )
        if written is None:
            continue
        if codes is not None:
            codes.give(at=at)
        message, targets = written
        messages.append(message | {"state": "planned", "planned_at": at, "updated_at": at})
        links += [
            {"token": token_at(pos), "message_id": message_id, "pos": pos, "url": url}
            for pos, url in enumerate(targets)
        ]
    return messages, links


def _write(
    row: Mapping[str, Any],
    renderer: Renderer,
    report: PlanReport,
    *,
    inspector: Inspector,
    unsubscribe_url: str,
    link_at: Callable[[int], str] | None,
    codes: Codes | None,
) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """One message as a ledger row and where its links lead; None where it can't be written."""
    try:
        rendered = renderer.render(
            row, unsubscribe_url=unsubscribe_url, link_at=link_at, codes=codes
        )
        inspector.check(row, rendered, unsubscribe_url=unsubscribe_url)
    except RenderBlocked as why:
        report.block(row, why)
        return None
    cost = rendered.cost_cents(row["cost_cents_per_part"])
    report.add(row, rendered, cost)
    message = {
        **{name: row[name] for name in _IDENTITY},
        **_schedule(row),
        **{name: row.get(name) for name in _FROZEN},
        # Empty: it makes none, which an earlier winback did not tell.
        "offer_id": row.get("offer_id") or "",
        "sender": rendered.sender,
        "payload_json": rendered.payload_json,
        "payload_sha256": rendered.payload_sha256,
        "template_version": rendered.template_version,
        "content_sha256": rendered.content_sha256,
        "segments": rendered.sms_parts,
        "cost_cents": cost,
    }
    return message, rendered.links


def _click_links(
    settings: Settings, channel: str, token_at: Callable[[int], str]
) -> Callable[[int], str] | None:
    """The link that stands for each position of a message; None where clicks aren't counted.

    A short address of the shop's own stands in texts, where each character counts.
    """
    base = settings.public_base_url
    if not settings.click_links or not base:
        return None
    if channel != "email":
        base = settings.link_base_url or base
    return lambda pos: f"{base.rstrip('/')}/r/{token_at(pos)}"


def _schedule(row: Mapping[str, Any]) -> dict[str, Any]:
    limits = {name: row.get(name) for name in _LIMITS}
    times = {name: row[name] for name in _SCHEDULE if name not in _LIMITS}
    return {**times, **limits, "zones": row["zones"] or ""}


def _url(settings: Settings, page: str, token: str) -> str:
    return f"{settings.public_base_url.rstrip('/')}/{page}/{token}"


def _known(ledger: Ledger, message_ids: Sequence[str]) -> dict[str, Row[Any]]:
    columns = [_m.message_id, _m.state, *(_m[name] for name in _SCHEDULE)]
    with ledger.read() as connection:
        found = connection.execute(select(*columns).where(among(_m.message_id, message_ids)))
        return {row.message_id: row for row in found}


def _reschedule(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[str, Row[Any]],
    *,
    at: datetime,
) -> int:
    changed = []
    for row in rows:
        old, new = known.get(row["message_id"]), _schedule(row)
        if old is None or old.state not in WAITING:
            continue
        if any(getattr(old, name) != value for name, value in new.items()):
            changed.append({"message_id": row["message_id"], "state_reason": None, **new})
    return reschedule(connection, changed, at=at)


def _cancel(connection: Connection, rows: Sequence[Mapping[str, Any]], *, at: datetime) -> int:
    cancelled = [
        {"message_id": row["message_id"], "state_reason": row["decision"]}
        for row in rows
        if row["action"] == "cancel"
    ]
    return transition(connection, cancelled, "cancelled", from_states=WAITING, at=at)


def _park(ledger: Ledger, confirmed: set[str], *, at: datetime) -> int:
    """Take its window from each waiting message that this plan doesn't confirm.

    No plan knows of our replies, which keep their own windows.
    """
    waiting = select(_m.message_id).where(
        _m.state.in_(WAITING), _m.not_before.is_not(None), _m.purpose == CAMPAIGN
    )
    with ledger.write() as connection:
        dropped = [key for key in connection.scalars(waiting) if key not in confirmed]
        rows = [
            {"message_id": key, "not_before": None, "state_reason": "parked"} for key in dropped
        ]
        return reschedule(connection, rows, at=at)

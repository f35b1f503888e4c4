"""What those who enter would be sent: step by step, with its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from winback.base.settings import Settings
from winback.content import RenderBlocked, Renderer
from winback.measure.backtest._takers import Playbook, Takers, Way
from winback.warehouse import Replay

_STEPS: Final = """
    select
        steps.playbook_id, steps.step, steps.anchor_step, steps.min_days, steps.channel,
        list(
            {'template': coalesce(variants.template, steps.template), 'weight': weight}
            order by variants.variant
        ) as texts,
        any_value(case when steps.includes_offer then offers.kind end) as offer_kind,
        any_value(case when steps.includes_offer then offers.value end) as offer_value,
        any_value(case when steps.includes_offer then offers.detail end) as offer_detail,
        any_value(case when steps.includes_offer then offers.code end) as offer_code,
        any_value(case when steps.includes_offer then offers.validity_days end)
            as validity_days,
        any_value(extra_offers.kind) as extra_offer_kind,
        any_value(extra_offers.value) as extra_offer_value,
        any_value(extra_offers.detail) as extra_offer_detail,
        any_value(extra_offers.code) as extra_offer_code
    from winback.playbook_steps as steps
    left join winback.step_variants as variants
        on steps.playbook_id = variants.playbook_id and steps.step = variants.step
    inner join winback.int_playbooks__segments as taken
        on steps.playbook_id = taken.playbook_id and taken.segment = $segment
    left join winback.offers as offers on taken.offer_id = offers.offer_id
    left join winback.offers as extra_offers on steps.extra_offer_id = extra_offers.offer_id
    group by
        steps.playbook_id, steps.step, steps.anchor_step, steps.min_days, steps.channel
    order by steps.playbook_id, steps.step
"""
_PRICES: Final = """
    select channel, country, cost_cents_per_part from winback.int_channels__costs
"""
# The longest first name that a template gets, in letters that GSM-7 has.
_LONGEST_NAME: Final = "Wilhelmina-Alexandra Catherine"


@dataclass(frozen=True)
class Step:
    """A step as it is at the earliest: `offset_days` after the entry.

    `segments` is the mean over its variants, each text at its longest; None where a text
    can't be written, and `problem` says why.
    """

    playbook_id: str
    step: int
    channel: str
    offset_days: int
    segments: float | None
    problem: str = ""

    @property
    def is_text(self) -> bool:
        """It is priced by its segments."""
        return self.channel in {"sms", "rcs"}


@dataclass(frozen=True)
class Batch:
    """Messages of one step for those who entered on one day in one place; fractions happen."""

    day: date
    step: Step
    country: str
    messages: float
    opens_at: datetime | None
    closes_at: datetime | None
    cents_per_part: float

    @property
    def segments(self) -> float:
        return self.messages * (self.step.segments or 0.0)

    @property
    def cost_cents(self) -> float:
        return self.segments * self.cents_per_part


def steps_of(replay: Replay, segment: str, settings: Settings, at: datetime) -> list[Step]:
    """The steps of the segment's playbooks, their texts counted with the segment's offer."""
    rows = replay.rows(_STEPS, {"segment": segment})
    offsets: dict[tuple[str, int], int] = {}
    for row in rows:
        anchor = offsets.get((row["playbook_id"], row["anchor_step"]), 0)
        offsets[row["playbook_id"], row["step"]] = anchor + row["min_days"]
    # Nothing is sent: what a text costs doesn't hang on who the sender is.
    renderer = Renderer(
        settings.model_copy(
            update={
                "twilio_messaging_service_sid": "MG" + "0" * 32,
                "twilio_rcs_service_sid": "MG" + "0" * 32,
                "twilio_whatsapp_from": "+15550001",
                "twilio_voice_from": "+15550001",
                "voice_opt_out_number": "+18005550100",
                "public_base_url": "https://example.com",
            }
        )
    )
    return [
        Step(
            row["playbook_id"],
            row["step"],
            row["channel"],
            offsets[row["playbook_id"], row["step"]],
            *_segments(row, renderer, at),
        )
        for row in rows
    ]


def _segments(row: Mapping[str, Any], renderer: Renderer, at: datetime) -> tuple[float | None, str]:
    if row["channel"] in {"email", "direct_mail"}:
        return 1.0, ""
    facts = {
        **row,
        "first_name": _LONGEST_NAME,
        "offer_expires_at": at + timedelta(days=row["validity_days"] or 0),
    }
    total = weights = 0.0
    for text in row["texts"]:
        weight = float(text["weight"] if text["weight"] is not None else 1)
        try:
            rendered = renderer.render({**facts, "template": text["template"]}, unsubscribe_url="")
        except RenderBlocked as blocked:
            return None, str(blocked)
        total += weight * (rendered.sms_parts or 1)
        weights += weight
    return total / weights, ""


def batches(
    replay: Replay, entered: Sequence[Takers], playbooks: Sequence[Playbook], steps: Sequence[Step]
) -> list[Batch]:
    """Every step for everybody who enters and is not held out, as if nobody came back."""
    # A preset may open no playbook to the segment: then there are no prices to look up either.
    if not entered:
        return []
    treated = {playbook.playbook_id: 1 - playbook.holdout_share for playbook in playbooks}
    prices = {
        (row["channel"], row["country"]): float(row["cost_cents_per_part"])
        for row in replay.rows(_PRICES)
    }
    return [
        Batch(
            day=group.day,
            step=step,
            country=group.country,
            messages=group.people * treated[group.playbook_id],
            opens_at=_days_on(way.opens_at, step),
            closes_at=_days_on(way.closes_at, step),
            cents_per_part=prices.get(
                (step.channel, group.country), prices.get((step.channel, "*"), 0.0)
            ),
        )
        for group in entered
        for step, way in _sent_to(group, steps)
    ]


def _sent_to(group: Takers, steps: Sequence[Step]) -> Iterator[tuple[Step, Way]]:
    ways = {way.channel: way for way in group.ways}
    for step in steps:
        if step.playbook_id == group.playbook_id and step.channel in ways:
            yield step, ways[step.channel]


def _days_on(instant: datetime | None, step: Step) -> datetime | None:
    return None if instant is None else instant + timedelta(days=step.offset_days)

"""A story in plain words, as lines for a terminal. Times are the shop's, and say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.measure.why._read import Story
from winback.measure.why._timeline import Happening, timeline
from winback.measure.words import STATES, channel_word

_DAY: Final = "%a %-d %b %Y"
_VERDICTS: Final = {
    "send": "to be sent",
    "deferred": "waits",
    "capped": "waits",
    "suppressed": "not sent",
    "holdout": "not sent",
    "exited": "not sent",
    "expired": "skipped for good",
    "render_blocked": "could not be written",
}
# Rules of the last look before a call, which may refuse a message that SQL let pass.
_GUARD: Final = "guard:"
_EFFECTS: Final = {
    "held": "Nobody writes to them until a load brings the row mended",
    "counts as a no": "It counts as a no until they agree anew",
}
_EXITS: Final = {
    "left": "left the series",
    "purchase": "bought",
    "no_order": "no valid order of their own is left",
    "merged": "the shop merged this id into another one",
    "other_id": "bought under another id (one mailbox, one phone, or merged)",
    "household": "somebody who shares their phone bought",
}
_STAGES: Final = {
    "inactivity": "inactivity: they were made no offer yet, and did not answer",
    "offer_presentation": "offer presentation: they were made an offer, and did not answer yet",
    "post_engagement": "post-engagement: they clicked, replied or ordered, or are in touch anyway",
}
_ANSWERS: Final = {
    "clicked": "clicked a link in",
    "replied": "replied to",
    "opted_out": "opted out by, or complained of,",
}

_GROUPS: Final = {"email": "emails", "post": "letters"}


def tell(story: Story, *, shop_timezone: str, width: int = 100) -> list[str]:
    """The whole story: who they are, what may be sent, what happened, and the rules' sources."""
    teller = _Teller(story, ZoneInfo(shop_timezone), width)
    return [*teller.who(), *teller.unread(), *teller.channels(), *teller.playbooks(),
            *teller.days(), *teller.sources()]  # fmt: skip


class _Teller:
    def __init__(self, story: Story, zone: ZoneInfo, width: int) -> None:
        self._story = story
        self._zone = zone
        self._width = width
        # The rules that are named, each with the channels that it is named for.
        self._named: dict[str, set[str | None]] = {}
        known = [*story.enrollments, *story.messages, *story.decisions]
        self._has_several_playbooks = len({row["playbook_id"] for row in known}) > 1

    def who(self) -> Iterator[str]:
        story, person = self._story, self._story.person
        as_of = self._time(datetime.fromisoformat(story.as_of))
        yield f"{story.customer_id}, as of {as_of} (all times: {self._zone.key}, the shop's)"
        if story.is_dry_run:
            yield "Of a dry run, which sent nothing: no build or run has published yet."
        yield ""
        if story.lapse is None:
            yield from self._item("No valid order yet, so not lapsed.")
            yield from self._item(f"Segments: {', '.join(story.segments) or 'none'}.")
            return
        orders = "1 order" if person["order_count"] == 1 else f"{person['order_count']:,} orders"
        yield from self._item(
            f"{orders}, {person['net_revenue_cents'] / 100:,.2f} in all; the last on "
            f"{self._day(person['last_order_at'])}, "
            f"{story.lapse['days_inactive']:,} days ago."
        )
        yield from self._item(_stage(story.lapse))
        yield from self._item(
            f"RFM segment {person['rfm_segment']}, value tier {person['value_tier']}. "
            f"Segments: {', '.join(story.segments) or 'none'}."
        )
        if story.prediction is not None:
            yield from self._item(_prediction(story.prediction))

    def unread(self) -> Iterator[str]:
        if not self._story.unread:
            return
        yield from ("", "What could not be read of them")
        for row in self._story.unread:
            which = f" {row['row_key']}" if row["row_key"] else ""
            by = f", load {row['load_id']}" if row["load_id"] else ""
            yield from self._item(
                f"{row['table_name']}{which}: {row['reason']}{by}. {_EFFECTS[row['effect']]}"
            )

    def channels(self) -> Iterator[str]:
        if not self._story.channels:
            return
        yield from ("", "May they be contacted?")
        if self._story.person.get("locale"):
            yield from self._item(_language(self._story.person))
        for row in self._story.channels:
            rules = _ids(row["blocked_by"])
            yield from self._item(
                f"{row['channel']}: no - {self._reasons(rules, row['channel'])}"
                if rules
                else f"{row['channel']}: yes"
            )
        for row in self._story.hours:
            yield from self._item(self._hours(row))
        for row in self._story.series:
            rules, what = _ids(row["blocked_by"]), f"{row['channel']} of {row['series_id']}"
            # A series is sent by text: rules of email need not be told.
            if not rules:
                yield from self._item(f"{what}: yes, they joined it")
            elif row["channel"] != "email":
                yield from self._item(f"{what}: no - {self._reasons(rules, row['channel'])}")

    def _hours(self, row: Mapping[str, Any]) -> str:
        """The next window of a person in several zones, on the clock of each zone."""
        opens, closes = row["window_opens_at"], row["window_closes_at"]
        zones = [ZoneInfo(zone) for zone in row["zones"].split(",")]
        clocks = ", ".join(
            f"{opens.astimezone(zone):%H:%M} to {closes.astimezone(zone):%H:%M} in {zone.key}"
            for zone in zones
        )
        what = _GROUPS.get(row["channel_group"], "texts and calls")
        return (
            f"hours of {what}: next {self._time(opens)} to {self._later(closes, than=opens)} "
            f"({clocks}). Our own hours are never open in all their places and time zones at "
            "once; these are the lawful ones nearest to them"
        )

    def playbooks(self) -> Iterator[str]:
        yield from ("", "Playbooks")
        # Another tool does not say when its sequence ended.
        current = [
            row
            for row in self._story.enrollments
            if row["exited_at"] is None and row["origin"] == "ledger"
        ]
        for row in current:
            stage = _STAGES.get(row.get("journey_stage") or "")
            at_stage = f", at the stage {stage}" if stage and row["arm"] != "holdout" else ""
            yield from self._item(f"in {row['playbook_id']} now{at_stage}")
        for row in self._story.held:
            yield from self._item(row["told"])
        for row in self._story.candidates:
            if row["playbook_id"] not in {it["playbook_id"] for it in current}:
                yield from self._item(self._candidate(row))
        if not current and not self._story.candidates:
            yield from self._item("none: they are in none of the segments that feed one")

    def _candidate(self, row: Mapping[str, Any]) -> str:
        """The reason why a playbook that is meant for the person takes them or does not."""
        kind = "series" if row["segment"] in self._ways_in() else "segment"
        text = f"{row['playbook_id']}, by the {kind} {row['segment']}: "
        if row["is_entering"]:
            return text + "enters in the next run"
        text += f"no - {self._reasons(_ids(row['blocked_by']))}"
        if waits_until := row.get("waits_until"):
            text += f" (until {waits_until:%Y-%m-%d})"
        taken_by = row.get("taken_by_playbook_id")
        return text + (f" (taken by {taken_by})" if taken_by else "")

    def _ways_in(self) -> set[str]:
        """The series that the person joined, whose name stands in place of a segment."""
        return {row["series_id"] for row in self._story.joins}

    def days(self) -> Iterator[str]:
        happened = timeline(self._story)
        if not happened:
            return
        yield from ("", "What happened")
        day = ""
        for it in happened:
            if (today := self._day(it.at)) != day:
                day = today
                yield f"  {day}"
            yield from self._item(self._happening(it), mark=self._clock(it.at), indent=4)

    def sources(self) -> Iterator[str]:
        if not self._named:
            return
        yield from ("", "The rules named here")
        for rule, channels in self._named.items():
            row = self._story.rules[rule]
            yield from self._item(f"[{rule}] {row['sentence']}")
            # If the law differs by place, the source in the catalog is that of one place.
            meant = self._meant(channels)
            of_place = [it for it in self._story.sources if _concerns(it, rule, meant)]
            for source in of_place:
                where = "everywhere" if source["place"] == "*" else f"in {source['place']}"
                by = f" by {source['channel']}" if source["channel"] else ""
                yield from self._item(f"{where}{by}: {source['says']}", mark="-", indent=4)
                yield f"      source: {_source(source)}"
            if not of_place:
                yield f"    source: {_source(row)}"
            yield f"    held in: {row['held_in']}"

    def _meant(self, channels: set[str | None]) -> set[str | None]:
        """The channels that a rule is told for: those of its channels that the person has."""
        known = {row["channel"] for row in self._story.channels}
        return channels - {None} | known if None in channels and known else channels

    def _happening(self, it: Happening) -> str:
        row = it.row
        match it.kind:
            case "joined" | "entered":
                return _joined(row) if it.kind == "joined" else _entered(row, self._ways_in())
            case "dealt" | "decided":
                return _dealt(row) if it.kind == "dealt" else self._decided(it)
            case "message":
                return self._message(row)
            case "answer":
                return f"{_ANSWERS[row['answer']]} the {self._what(row)}"
            case "came_back":
                return (
                    f"came back: an order of {row['net_revenue_cents'] / 100:,.2f}, "
                    f"{row['days_to_reactivation']:,.0f} days after entering {row['playbook_id']}"
                )
            case _:
                return _ended(row)

    def _decided(self, it: Happening) -> str:
        row = it.row
        text = f"{self._what(row)}: {_VERDICTS[row['decision']]}"
        if row["send_after_at"] is not None and row["send_after_at"] > it.until:
            text += f" until {self._later(row['send_after_at'], than=it.at)}"
        if it.decisive:
            text += f" - {self._reasons(it.decisive, row['channel'])}"
        if "journey" in it.decisive and row.get("content_tag"):
            stage = (row["journey_stage"] or "unknown").replace("_", " ")
            text += f" (it says {row['content_tag']}, and they are at the stage {stage})"
        if it.besides:
            text += f"; beside it {self._names(it.besides, row['channel'])}"
        if words := _words(row):
            text += f" (template {words})"
        if it.runs > 1:
            text += f" ({it.runs} runs, the last {self._later(it.until, than=it.at)})"
        return text

    def _message(self, row: Mapping[str, Any]) -> str:
        text = f"{self._what(row)}: {STATES[row['state']]}"
        if row["delivered_at"] is not None:
            text += f", delivered {self._later(row['delivered_at'], than=row['accepted_at'])}"
        elif row["state"] == "accepted":
            text += ", no delivery reported"
        if words := _words(row):
            text += f", written from {words}"
        if offer := row.get("offer_id"):
            text += f", with the offer {offer}"
        reason = row.get("state_reason") or ""
        if reason == "accepted_twice":
            text += ". The provider took it TWICE: a call without a response had been repeated"
        rule = reason.removeprefix(_GUARD)
        if row["state"] == "planned" and rule != reason:
            text += ". The last look before the call held it back until a run plans it anew"
        elif row["state"] not in {"suppressed", "cancelled", "rejected"}:
            return text
        return f"{text} ({self._reasons([rule], row['channel'])})" if rule else text

    def _reasons(self, rules: Iterable[str], channel: str | None = None) -> str:
        return "; ".join(self._reason(rule, channel) for rule in rules)

    def _reason(self, rule: str, channel: str | None) -> str:
        """The sentence of a failed rule, followed by its id as `blocked_by` has it."""
        known = self._known(rule, channel)
        return f"{known['sentence']} [{rule}]" if known else f"[{rule}]"

    def _names(self, rules: Iterable[str], channel: str) -> str:
        """The ids of rules, joined: their sentences stand among the rules at the end."""
        return " ".join(f"[{rule}]" for rule in rules if self._known(rule, channel) or rule)

    def _known(self, rule: str, channel: str | None) -> Mapping[str, Any] | None:
        """A rule of the catalog by its id, which may be followed by a colon and a field."""
        known = self._story.rules.get(rule.partition(":")[0])
        if known is not None:
            self._named.setdefault(known["rule_id"], set()).add(channel)
        return known

    def _what(self, row: Mapping[str, Any]) -> str:
        channel = channel_word(row["channel"])
        step = f" of step {row['step']}" if row["step"] is not None else ""
        # The playbook is named only if the person was in several.
        playbook = f" ({row['playbook_id']})" if self._has_several_playbooks else ""
        return f"{channel}{step}{playbook}"

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):{_DAY} %H:%M}"

    def _later(self, at: datetime, *, than: datetime | None) -> str:
        """A time that is told after another one: with its day only if the day differs."""
        if than is not None and self._day(than) == self._day(at):
            return self._clock(at)
        return self._time(at)

    def _day(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):{_DAY}}"

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%H:%M}"

    def _item(self, text: str, *, mark: str = "-", indent: int = 2) -> Sequence[str]:
        first = " " * indent + mark + " "
        return wrap(
            text,
            width=max(self._width, 40),
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _concerns(source: Mapping[str, Any], rule: str, channels: set[str | None]) -> bool:
    """Whether a row of law belongs to the rule and to a channel that the rule is named for."""
    if source["rule_id"] != rule:
        return False
    if source["channel"] is None or None in channels:
        return True
    # The law of hours is the same for every channel that rings a phone.
    alone = {"email": "email", "direct_mail": "post"}
    groups = {alone.get(str(channel), "phone") for channel in channels}
    return source["channel"] in channels | groups


def _source(row: Mapping[str, Any]) -> str:
    if not row["source_url"]:
        # A row of a place stands for the law there, also if it says that none was found.
        what = "none was found" if "place" in row else "a practice of ours"
        return f"{what} (reviewed {row['reviewed_on']})"
    return f"{row['source_url']} ({row['status']}, reviewed {row['reviewed_on']})"


def _ids(blocked_by: str) -> list[str]:
    return [rule for rule in blocked_by.split(",") if rule]


def _language(person: Mapping[str, Any]) -> str:
    """The language of their messages, and what tells it."""
    told = {
        "customer": "as the shop's files state",
        "country": "as their country reads",
        "shop": "the shop's own",
    }
    written, stated = person["locale"], person["language"]
    text = f"language of messages: {written}, {told[person['locale_source']]}"
    is_other = stated and stated != written
    return f"{text}; {stated} is stated, and not switched on" if is_other else text


def _stage(lapse: Mapping[str, Any]) -> str:
    """The lapse stage, and the days from which it follows."""
    text = f"Stage {lapse['lapse_stage']}: "
    begins = [
        (stage, lapse[column])
        for stage, column in (
            ("cooling", "cooling_from_days"),
            ("lapsing", "lapsing_from_days"),
            ("lapsed", "lapse_threshold_days"),
            ("dormant", "dormant_from_days"),
            ("lost", "lost_from_days"),
        )
        if lapse.get(column) is not None
    ]
    text += ", ".join(f"{stage} from day {days:,}" for stage, days in begins)
    text += f" (preset {lapse['lapse_preset']})."
    if lapse["expected_gap_days"] is not None:
        text += f" Their next order was expected after {lapse['expected_gap_days']:,} days"
        if lapse.get("gap_count"):
            text += (
                f": {lapse['gap_count']:,} pauses of their own, {lapse['median_gap_days']:,.0f} "
                "days in the middle, drawn towards those of customers like them"
            )
        elif lapse.get("lapse_curve"):
            text += ", as that of customers like them"
        text += "."
    return text


def _entered(row: Mapping[str, Any], series: Collection[str]) -> str:
    kind = "series" if row["segment"] in series else "segment"
    by = f" by the {kind} {row['segment']}" if row["segment"] else ""
    if row["arm"] == "holdout":
        return f"entered {row['playbook_id']}{by}, in the holdout: gets no messages"
    return f"entered {row['playbook_id']}{by}, variant {row['variant']}"


def _dealt(row: Mapping[str, Any]) -> str:
    """What a step that learns dealt, with which chance, and why its move dealt so."""
    what = "nothing to send" if row["arm"] == "nothing" else f"the variant {row['arm']}"
    what += _arm_offer(row)
    dealer = "what was learned" if row["dealt_by"] == "bandit" else "the random control"
    return (
        f"step {row['step']} of {row['playbook_id']} learns, and dealt {what}, by {dealer}, with a "
        f"chance of {row['propensity']:.1%}; move {row['move_id']}: {row['why']}"
    )


def _arm_offer(row: Mapping[str, Any]) -> str:
    """The offer of an arm, where arms differ in it, and the arms that could not be dealt."""
    offer = row.get("offer_id")
    told = ""
    if offer == "none":
        told = " without an offer"
    elif offer:
        told = f" with the offer {offer}"
    if barred := row.get("barred_arms"):
        told += f" (not {barred.replace(',', ', ')}, whose offer could not be given then)"
    return told


def _joined(row: Mapping[str, Any]) -> str:
    series = f"the series {row['series_id']}"
    if row["moment"] == "asked":
        return f"texted the keyword of {series}"
    if row["moment"] == "joined":
        return f"joined {series}: their consent to it, and to nothing else"
    why = {"left": "its own word", "declined": "a no"}.get(row["ended_by"], row["ended_by"])
    return f"no more of {series}: ended by {why}"


def _words(row: Mapping[str, Any]) -> str:
    """The template of a message, and the need that made it this one; empty if none is known."""
    if not row.get("template"):
        return ""
    need = row.get("content_needs")
    return f"{row['template']}{f' for {need}' if need else ''}"


def _ended(row: Mapping[str, Any]) -> str:
    if why := _EXITS.get(row["exit_reason"]):
        return f"left {row['playbook_id']}: {why}"
    return f"came to the end of {row['playbook_id']}: no step is left"


def _prediction(row: Mapping[str, Any]) -> str:
    """What is foretold of a person, and whether a rule may go by it."""
    told = (
        f"Still orders with a chance of {100 * row['p_alive']:.0f} %; {row['expected_orders']:.1f} "
        f"orders to expect in {row['horizon_days']} days"
    )
    if row["value_at_risk_cents"] is not None:
        told += f", and {row['value_at_risk_cents'] / 100:,.2f} at risk"
    offer = row["best_offer"]
    told += (
        f". Best offer by the shop's tests: {offer}." if offer else ". No test found a best offer."
    )
    if not row["is_used"]:
        told += " No rule reads this: it did not beat the days since the last order by enough."
    return told

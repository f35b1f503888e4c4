"""What each switch would have meant on past days: the entries with it and without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from winback.base.console import tell_stage, tell_step
from winback.base.duck import Rows
from winback.base.errors import UsageError
from winback.base.project import project_vars
from winback.base.settings import Settings
from winback.measure.backtest._entries import Span
from winback.measure.backtest._run import order_days
from winback.measure.backtest._switch_list import Setting, Switch
from winback.warehouse import Replay, replaying

# Two weeks hold every wait of a week, and each weekday twice.
DAYS: Final = 14
_MODELS: Final = (
    "dec_entry__queue",
    "dec_eligibility__channels",
    "int_windows__customer_windows",
    "int_playbooks__steps",
)
_SEEDS: Final = ("playbooks", "playbook_families", "playbook_segments")
_TABLE: Final = """
    create table picks (
        customer_id varchar, episode varchar, family varchar, playbook_id varchar, day date,
        messages double, waits_for_hour boolean
    )
"""
# As if winback had begun on the first of the days: whoever entered a family is in it for this
# lapse. Daily limits and the waiting for another playbook's end are left out.
_PICK: Final = """
    insert into picks
    with reached as (
        select
            eligibility.customer_id, steps.playbook_id, count(*) as steps
        from winback.dec_eligibility__channels as eligibility
        inner join winback.int_playbooks__steps as steps
            on eligibility.channel = steps.channel
        where eligibility.is_reachable
        group by all
    ),
    hours as (
        select customer_id, bool_or(preferred_at > window_opens_at) as is_later
        from winback.int_windows__customer_windows
        group by customer_id
    )
    select
        queue.customer_id, coalesce(queue.episode_order_id, ''), queue.family,
        queue.playbook_id, $day,
        coalesce(reached.steps, 0) * (1 - playbooks.holdout_share),
        coalesce(hours.is_later, false)
    from winback.dec_entry__queue as queue
    inner join winback.playbooks as playbooks on queue.playbook_id = playbooks.playbook_id
    left join reached
        on queue.customer_id = reached.customer_id and queue.playbook_id = reached.playbook_id
    left join hours on queue.customer_id = hours.customer_id
    where
        queue.is_in_queue
        and not exists (
            select 1 from picks
            where
                picks.customer_id = queue.customer_id
                and picks.episode = coalesce(queue.episode_order_id, '')
                and picks.family = queue.family
        )
"""


@dataclass(frozen=True)
class Picks:
    """Who entered what, and when, in one position: by customer, each (playbook, day)."""

    entries: dict[str, frozenset[tuple[str, date]]]
    messages: float
    waits_for_hour: int


def span_of(settings: Settings, first: date | None, last: date | None) -> Span:
    """The days looked at; the newest two weeks of orders where none are named."""
    oldest, newest = order_days(settings)
    last = last or newest
    first = first or last - timedelta(days=DAYS - 1)
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}")
    if last > newest or first < oldest:
        raise UsageError(f"--from and --to have to lie in {oldest} to {newest}, the days of orders")
    return Span(first, last, settings.shop_timezone)


def switch_table(settings: Settings, span: Span, wanted: Sequence[Switch]) -> Rows:
    """One row a switch: whom it touched on these days, and the messages with and without it."""
    states: dict[str, bool] = {}

    def note_states(replay: Replay) -> None:
        states.update({switch.name: _is_on(replay, switch) for switch in wanted})

    own = _picks(settings, span, Setting(), "as it is now", note_states)
    rows = []
    for switch in wanted:
        # It chooses the hour of a message alone.
        if switch.name == "hours":
            rows.append(_row_of_hours(switch, own, is_on=states[switch.name]))
            continue
        other = switch.off if states[switch.name] else switch.on
        found = _picks(settings, span, other, f"{switch.name} the other way")
        off, on = (found, own) if states[switch.name] else (own, found)
        rows.append(_row(switch, off, on, is_on=states[switch.name]))
    return rows


def _picks(
    settings: Settings,
    span: Span,
    setting: Setting,
    what: str,
    first: Callable[[Replay], None] = lambda _replay: None,
) -> Picks:
    tell_stage(f"Replaying, {what}")
    with replaying(
        settings, (*_MODELS, *_SEEDS), seed_edits=setting.edits, unenrolled=True,
        **setting.variables,
    ) as replay:  # fmt: skip
        first(replay)
        replay.execute(_TABLE)
        for number, day in enumerate(span.days, start=1):
            replay.stand_on(span.end_of(day), *_MODELS)
            replay.execute(_PICK, {"day": day})
            tell_step(number, len(span.days), f"{day}")
        return _read(replay.rows("from picks"))


def _is_on(replay: Replay, switch: Switch) -> bool:
    if switch.is_on is None:
        own = project_vars()
        return any(own[name] != off for name, off in switch.off.variables.items())
    ((value,),) = replay.execute(switch.is_on).fetchall()
    return bool(value)


def _read(rows: Rows) -> Picks:
    entries: dict[str, set[tuple[str, date]]] = defaultdict(set)
    for row in rows:
        entries[row["customer_id"]].add((row["playbook_id"], row["day"]))
    return Picks(
        {customer: frozenset(found) for customer, found in entries.items()},
        sum(row["messages"] for row in rows),
        len({row["customer_id"] for row in rows if row["waits_for_hour"]}),
    )


def _row(switch: Switch, off: Picks, on: Picks, *, is_on: bool) -> dict[str, Any]:
    touched = [
        customer
        for customer in {*off.entries, *on.entries}
        if off.entries.get(customer) != on.entries.get(customer)
    ]
    only_on = [it for it in touched if it not in off.entries]
    only_off = [it for it in touched if it not in on.entries]
    both = [it for it in touched if it in off.entries and it in on.entries]
    same = [it for it in both if _playbooks(off.entries[it]) == _playbooks(on.entries[it])]
    return {
        "switch": switch.name,
        "now": "on" if is_on else "off",
        "people_touched": len(touched),
        "enter_only_with_it": len(only_on),
        "enter_only_without": len(only_off),
        "on_another_day": len(same),
        "other_playbooks": len(both) - len(same),
        "messages_without": round(off.messages),
        "messages_with": round(on.messages),
        "messages_more": round(on.messages) - round(off.messages),
    }


def _playbooks(entries: frozenset[tuple[str, date]]) -> set[str]:
    return {playbook for playbook, _ in entries}


def _row_of_hours(switch: Switch, own: Picks, *, is_on: bool) -> dict[str, Any]:
    """Whose messages wait for another hour of the same window; nobody enters otherwise."""
    row = _row(switch, own, own, is_on=is_on)
    return {**row, "people_touched": own.waits_for_hour}


def tell_switches(span: Span, wanted: Sequence[Switch]) -> list[str]:
    """What the table's figures mean."""
    return [
        *(f"{switch.name}: {switch.says}" for switch in wanted),
        (
            f"The days are {span.first} to {span.last}, as if winback had begun on the first of "
            "them: who entered is counted once a lapse, and the messages are those of all steps "
            "that reach them, the holdout left out, as if nobody came back. Daily limits are not "
            "counted."
        ),
    ]

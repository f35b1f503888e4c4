"""The rows of a switch and of both presets, and what a backtest without a segment refuses."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.measure import backtest as room
from winback.measure.backtest._compare import Met, table
from winback.measure.backtest._run import PresetResult
from winback.measure.backtest._switch_list import switches
from winback.measure.backtest._switches import Picks, _row, _row_of_hours

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
SWITCH = switches()["season"]


def picks(messages: float = 0, waits: int = 0, **entries: tuple[str, date]) -> Picks:
    return Picks({who: frozenset({entry}) for who, entry in entries.items()}, messages, waits)


def test_whoever_enters_otherwise_is_touched_and_is_told_by_how() -> None:
    off = picks(9.6, same=("a", DAY), later=("a", DAY), other=("a", DAY), gone=("a", DAY))
    on = picks(7.2, same=("a", DAY), later=("a", NEXT), other=("b", DAY), new=("a", DAY))
    assert _row(SWITCH, off, on, is_on=False) == {
        "switch": "season", "now": "off", "people_touched": 4, "enter_only_with_it": 1,
        "enter_only_without": 1, "on_another_day": 1, "other_playbooks": 1,
        "messages_without": 10, "messages_with": 7, "messages_more": -3,
    }  # fmt: skip


def test_an_hour_touches_whoever_waits_for_it_and_no_count_of_messages() -> None:
    row = _row_of_hours(SWITCH, picks(4, 2, a=("a", DAY), b=("a", DAY)), is_on=True)
    assert (row["people_touched"], row["messages_more"], row["on_another_day"]) == (2, 0, 0)


def test_switches_are_named_with_commas_or_all_and_no_other() -> None:
    assert [it.name for it in room.chosen("lost, season")] == ["lost", "season"]
    assert len(room.chosen("all")) == 6
    with pytest.raises(UsageError, match="--switch: 'sesaon' does not exist; it may be: lapse_"):
        room.chosen("sesaon")
    with pytest.raises(UsageError, match="names no switch"):
        room.chosen(" ,")


def met(who: str, days: int, *, back: bool = False, new: bool = True) -> Met:
    return Met(who, "o", is_new=new, days_silent=days, is_back=back)


def test_what_one_preset_caught_and_the_other_never_let_in_is_missed() -> None:
    def result(messages: float) -> PresetResult:
        return cast("PresetResult", SimpleNamespace(batches=[SimpleNamespace(messages=messages)]))

    fixed = [met("both", 30), met("back", 31, back=True), met("fixed alone", 40)]
    personal = [
        met("both", 90),
        met("fixed before", 60),
        met("there before", 400, new=False),
    ]
    rows = table(
        {
            "personal": (result(3.4), personal),
            "fixed": (result(8.6), [*fixed, met("fixed before", 70, new=False)]),
        }
    )
    assert rows == [
        {"preset": "personal", "segment": "newly_lapsed", "entered": 2, "came_back": 0,
         "caught": 2, "missed": 1, "days_silent": 75, "messages": 3},
        {"preset": "fixed", "segment": "lapsed_30_45", "entered": 3, "came_back": 1,
         "caught": 2, "missed": 0, "days_silent": 35, "messages": 9},
    ]  # fmt: skip


def test_the_newest_two_weeks_are_looked_at_unless_days_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings: Any = Settings.load(home="nowhere", shop_timezone="America/New_York")
    days = (date(2025, 1, 1), date(2026, 3, 31))
    monkeypatch.setattr("winback.measure.backtest._switches.order_days", lambda _settings: days)
    span = room.span_of(settings, None, None)
    assert (span.first, span.last, span.zone) == (date(2026, 3, 18), days[1], "America/New_York")
    assert room.span_of(settings, days[0], days[0]).days == [days[0]]
    with pytest.raises(UsageError, match="--from 2026-02-01 is after --to 2026-01-01"):
        room.span_of(settings, date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(UsageError, match="2025-01-01 to 2026-03-31, the days of orders"):
        room.span_of(settings, None, date(2026, 4, 1))

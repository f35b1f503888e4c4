"""Past days of a real shop, replayed: the same members as a build, and the known returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from audience_builds import query
from project_copies import copy_project

from winback.base.clock import parse_as_of
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.measure.backtest._entries import SEGMENT, Span, live_through
from winback.measure.backtest._returns import ALL, KNOWN_LATER, known_until, natural_returns
from winback.measure.statistics import proportion_interval
from winback.warehouse import Replay, _dbt, _replay, replaying


@pytest.fixture(scope="module")
def replay(cdnow: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """CDNOW in a project with a segment of its own: 90 days and more without an order."""
    project = copy_project(tmp_path_factory.mktemp("project") / "dbt_project")
    (project / "models" / "segments" / "lapsed_90.sql").write_text(
        "select customer_id from {{ ref('int_customers__lifecycle') }} where days_inactive >= 90\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_dbt, "DBT_DIR", project)
        models = ("segment_members", "int_customers__lapse", *KNOWN_LATER)
        with replaying(cdnow, models) as opened:
            yield opened


# `make test` replays the small shop of all segments (test_every_segment.py).
@pytest.mark.slow
def test_who_lapsed_in_1997_came_back_by_themselves_as_the_log_says(replay: Replay) -> None:
    day = date(1997, 12, 31)
    live_through(replay, Span(day, day, "UTC"), "lapsed_90")
    until = known_until(replay, parse_as_of("2026-01-01", "UTC"))
    assert until is not None

    found = natural_returns(replay, (30, 60, 90), until)

    everybody = {
        row.window_days: (row.n, row.returned)
        for row in found
        if (row.population, row.kind) == (SEGMENT, ALL)
    }
    assert everybody == {30: (19394, 627), 60: (19394, 1208), 90: (19394, 1879)}
    # Nobody was touched and every window is over: the plain share, with Wilson's interval.
    for row in found:
        assert row.treated == row.not_yet_known == row.set_aside == 0
        assert row.rate == row.returned / row.n
        assert row.interval == proportion_interval(row.returned, row.n)


@pytest.mark.slow
def test_a_replayed_day_has_the_members_that_a_build_of_it_has(
    replay: Replay, cdnow: Settings
) -> None:
    members = "select segment, customer_id from {} where segment <> 'lapsed_90' order by all"
    replay.stand_on(parse_as_of("1997-11-30", "UTC"))
    replay.stand_on(parse_as_of("1997-09-30", "UTC"))

    replayed = replay.connection.execute(members.format("winback.segment_members")).fetchall()

    built = query(cdnow, members.format("segment_members"))
    assert replayed == built
    assert len({segment for segment, _ in built}) >= 3


def test_a_model_that_computes_with_as_of_in_jinja_is_not_replayed() -> None:
    def node(sql: str, **more: object) -> dict[str, dict[str, object]]:
        fields = {"language": "sql", "config": {"materialized": "table"}, **more}
        return {"model.winback.m": {"name": "m", "compiled_code": sql, **fields}}

    first, second = _replay._MEANT_BY_NOBODY, _replay._NOR_THIS
    by_text = "select '{}', day < '{}'"
    _replay._require_replayable(
        node(by_text.format(first.isoformat(), first.isoformat())),
        node(by_text.format(second.isoformat(), second.isoformat())),
    )
    with pytest.raises(WinbackError, match="m can't be replayed: it uses as_of in Jinja"):
        _replay._require_replayable(node(f"select {first.year}"), node(f"select {second.year}"))
    for odd in ({"language": "python"}, {"config": {"materialized": "incremental"}}):
        with pytest.raises(WinbackError, match="no SQL table or view"):
            _replay._require_replayable(node("select 1", **odd), node("select 1", **odd))

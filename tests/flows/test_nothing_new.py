"""A tick builds what can have changed, and nothing where nothing can."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flow_shop import OPENS, Shop

import flows.run
from flows import _tasks, command
from flows.run import winback_run
from winback.base.settings import Settings
from winback.ledger import open_ledger, tables
from winback.warehouse import DbtResult, build, invoke_dbt, published_rows
from winback.warehouse._publish import ENGINE_TABLES, PUBLIC_TABLES

pytestmark = pytest.mark.usefixtures("prefect_server")

MINUTE = timedelta(minutes=1)
# When it was decided: of a set that still stands, an earlier moment.
DECIDED_AT = {"decided_at"}


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many models, and tests that dbt ran, each build of the audience had."""
    ran: list[int] = []

    def invoke(
        settings: Settings, arguments: Sequence[str], variables: Mapping[str, Any]
    ) -> DbtResult:
        result = invoke_dbt(settings, arguments, variables)
        ran.append(sum(result.counts.values()))
        return result

    monkeypatch.setattr(_tasks, "_invoke_dbt", invoke)
    return ran


def clicks(shop: Shop, at: datetime) -> None:
    """Somebody follows the link of the first mail or text that they got."""
    m = tables.messages.c
    with open_ledger(shop.settings) as ledger, ledger.write() as connection:
        message_id = connection.scalar(m.message_id.table.select().where(m.state == "accepted"))
        row = {"dedupe_key": "click", "semantic_key": "click", "raw_ref": "test", "kind": "clicked"}
        row |= {"provider": "sendgrid", "message_id": message_id}
        connection.execute(
            tables.provider_events.insert(), row | {"occurred_at": at, "received_at": at}
        )


def whole_build(shop: Shop, as_of: datetime, folder: Path) -> dict[str, list[str]]:
    """What a build of everything publishes from the same landing."""
    shutil.copytree(shop.settings.landing_dir, folder / "landing")
    settings = Settings.load(home=folder)
    built = build(settings, as_of, gate=lambda *_: (), with_entrants=True)
    return rows_of(built.published)


def rows_of(published: Path) -> dict[str, list[str]]:
    """Every table that was published, as texts in order, without when it was decided."""
    return {
        table: sorted(
            repr({name: _told(value) for name, value in row.items() if name not in DECIDED_AT})
            for row in published_rows(published, table)
        )
        for table in (*PUBLIC_TABLES, *ENGINE_TABLES)
    }


def _told(value: object) -> object:
    """A sum of floats hangs on their order, which nobody promises, in its last digits."""
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole build, one of the news, and both over again beside them
def test_only_news_is_built_and_nothing_where_there_is_none(
    shop: Shop,
    builds: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = winback_run("sandbox", OPENS, measure=False)
    assert first.audience.stands_until is None
    clicks(shop, OPENS + MINUTE)

    # What was sent, and the click: the models that hang on the ledger are built, and no more.
    at = OPENS + 5 * MINUTE
    second = winback_run("sandbox", at)
    assert second.audience.stands_until is None
    # Nothing has left or come in since, so its outcomes are those of the same build.
    assert second.outcomes is not None
    assert second.outcomes.published == second.audience.published
    assert len(builds) == 2
    # A third of the models knows nothing of the ledger.
    assert builds[1] < 0.7 * builds[0]
    current = shop.settings.published_dir / "current"
    assert rows_of(current) == whole_build(shop, at, tmp_path / "second")
    counted = [row for row in shop.published("messages") if row["clicked_at"] is not None]
    assert len(counted) == 1

    # Nothing: no build, no plan, no outcomes; and a build would have decided the same.
    at = OPENS + 10 * MINUTE
    state = winback_run("sandbox", at, return_state=True)
    assert (state.name, state.is_completed()) == ("Nothing new", True)
    assert state.message is not None
    assert state.message.startswith("Nothing new since 15:35: nothing was built.")
    third = state.result()
    assert third.plan is None
    assert third.outcomes == third.audience
    assert third.audience.published == current.resolve()
    assert len(builds) == 2
    again = whole_build(shop, at, tmp_path / "third")
    assert rows_of(current) == again

    # At a terminal it is told without Prefect.
    monkeypatch.setattr(flows.run, "winback_run", lambda *_: pytest.fail("Prefect was started"))
    command.run(shop.settings, mode="sandbox", as_of=at.isoformat())
    assert "Nothing new since 15:35: nothing was built." in capsys.readouterr().out

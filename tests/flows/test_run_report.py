"""A run leaves one report under one key, and nothing of a person anywhere in Prefect."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flow_shop import OPENS, Shop
from heard import heard
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    LogFilter,
)
from prefect.client.schemas.sorting import ArtifactSort, FlowRunSort

from flows import command, stages
from flows._report import KEY, NEXT_KEY
from flows.run import winback_run
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.sending.brakes import _stops

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("prefect_server")]
# What small_shop knows of its people; their ids may be told.
PERSONAL = re.compile(r"@example\.com|4477009000\d\d|\bAda\b|\bBo\b")


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(autouse=True)
def _brand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINBACK_BRAND_NAME", f"Tea {uuid4().hex[:8]}")


def page(client: SyncPrefectClient, key: str) -> str:
    """The newest artifact of a key."""
    of_the_key = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    found = client.read_artifacts(
        artifact_filter=of_the_key, sort=ArtifactSort.CREATED_DESC, limit=1
    )
    return str(found[0].data)


def sections(text: str) -> dict[str, str]:
    """The parts of a page, by their titles."""
    return dict(part.split("\n\n", 1) for part in text.split("\n## ")[1:])


def test_a_dry_run_shows_everything_reports_it_and_touches_nothing(
    shop: Shop, client: SyncPrefectClient, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run(shop.settings, mode="dry-run", as_of=OPENS.isoformat(), as_json=True)
    done = json.loads(capsys.readouterr().out)
    told_as_json(done)
    shown_and_not_kept(shop, done)
    # Other tests' runs that only wait for their hour stand in the same server.
    ended = FlowRunFilter.model_validate({"state": {"type": {"any_": ["COMPLETED"]}}})
    (last,) = client.read_flow_runs(
        flow_run_filter=ended, sort=FlowRunSort.START_TIME_DESC, limit=1
    )
    assert last.state is not None
    assert str(last.state.message).startswith(
        "a dry run, which sent nothing: 6 messages planned for "
    )
    text = page(client, KEY)
    assert text.startswith(f"# Run report of {Settings.load().brand_name}\n\nDry run as of ")
    found = sections(text)
    assert list(found) == [
        "What came in",
        "Who was found",
        "What would be sent",
        "What it costs",
        "What leaves next",
        "What to do next",
        "Where to look",
    ]
    assert "orders 15" in found["What came in"]
    assert found["What to do next"].startswith("```\nwinback why c")
    assert str(shop.settings.preview_dir / "dry-run.html") in found["Where to look"]
    _, head, _, hours = page(client, NEXT_KEY).split("\n\n")
    assert "\n- Mon 2 Mar 2026 15:00 UTC  sms_email step 1 (text): 6 for 0." in f"\n{hours}"
    assert re.match(r"6 messages for \d+\.\d\d or more leave in the 24 hours from Mon 2 Mar", head)


def told_as_json(done: dict[str, Any]) -> None:
    assert done["planned"] == 6
    assert done["sent"] == []
    assert done["as_of"] == OPENS.isoformat()
    assert sum(row["customers"] for row in done["outlook"]["due_now"]) == done["planned"]
    assert done["outlook"]["entering"] == [
        {"playbook": "sms_email", "customers": 12, "held_out": 0}
    ]


def shown_and_not_kept(shop: Shop, done: dict[str, Any]) -> None:
    """A set of its own and a page show what would be sent; the ledger knows nothing of it."""
    assert not (shop.settings.home / "ledger.db").exists()
    assert not (shop.settings.published_dir / "current").exists()
    decided = Counter(row["decision"] for row in shop.published("send_decisions", "dry-run"))
    assert decided["send"] > 0
    assert shop.published("audience_funnel", "dry-run")
    renders = shop.published("renders", "dry-run")
    assert len(renders) == done["planned"]
    assert sum(row["cost_cents"] for row in renders) == pytest.approx(done["cost_cents"])
    assert all("Reply STOP" in row["payload_json"] for row in renders)
    shown = (shop.settings.preview_dir / "dry-run.html").read_text()
    assert sum(map(int, re.findall(r"One of (\d+) messages", shown))) == done["planned"]
    assert "Reply STOP" in shown


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_stages_report_how_the_shop_stands_and_name_nobody(
    shop: Shop, client: SyncPrefectClient
) -> None:
    winback_run("sandbox", OPENS)
    first = sections(page(client, KEY))
    sent = re.search(r"Sent: (\d+) messages \(sms_email step 1: \1\)", first["What was sent"])
    assert sent is not None
    assert int(sent[1]) == len(shop.accepted())
    assert "delivered" in first["What came in"]
    assert re.match(r"- \d+\.\d\d in the last 24 hours", first["What it costs"])
    assert "email" not in first.get("What is stopped", "")
    later = OPENS + timedelta(days=1, hours=1)
    stages.audience("sandbox", later)
    with open_ledger(shop.settings) as ledger, ledger.write() as connection:
        _stops.stop(connection, "sms", "complaints", "reported as spam", now=later)
    stages.enroll("sandbox", later)
    assert stages.send_due("sandbox", later)
    second = sections(page(client, KEY))
    assert "sms_email step 2: " in second["What was sent"]
    assert second["What is stopped"] == "- sms: reported as spam\n"
    told = [
        *everything(client),
        *(it.model_dump_json() for it in heard(Settings.load(), at_least=2)),
    ]
    assert len(told) > 30
    assert [text for text in told if PERSONAL.search(text)] == []


def everything(client: SyncPrefectClient) -> list[str]:
    """All that Prefect shows of all runs of this server: names, states, logs and artifacts."""
    asked: list[Any] = [
        *client.read_artifacts(limit=200),
        *client.read_flows(limit=200),
        *client.read_flow_runs(limit=200),
        *client.read_task_runs(limit=200),
        *client.read_logs(LogFilter(), limit=200),
        *client.read_deployments(limit=200),
    ]
    return [it.model_dump_json() for it in asked]

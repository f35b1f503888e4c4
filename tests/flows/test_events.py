"""What happens at the shop becomes an event of Prefect's server, once for one happening."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flow_shop import OPENS
from heard import heard
from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import insert
from typer.testing import CliRunner

from flows._context import open_stage
from flows._events import emit, emit_news, shop_resource
from flows._happenings import OLD, tell_sent, tell_unknown, tell_verdicts, telling
from winback.base.clock import WallClock
from winback.base.errors import GateFailure
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import Ledger, note_stage_end, open_ledger, tables
from winback.sending import SendReport, release_stops, stop_all
from winback.sending.brakes import _stops

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A shop of its own, so that it hears its own events alone."""
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_BRAND_NAME", f"Café & {uuid4().hex[:8]}")
    return Settings.load()


def names(settings: Settings, *, at_least: int) -> list[str]:
    return [it.event for it in heard(settings, at_least=at_least)]


@contextmanager
def no_server() -> Iterator[None]:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        yield


def test_an_event_names_the_shop_the_run_and_what_happened(settings: Settings) -> None:
    @flow
    def tells() -> None:
        assert emit(settings, "winback.approval.asked", "may it go?", messages=3)

    tells()
    (event,) = heard(settings, at_least=1)
    assert event.resource.id.startswith("winback.shop.café-")
    assert event.resource.name == settings.brand_name
    assert event.payload == {"what": "may it go?", "messages": 3}
    assert [it.role for it in event.related] == ["flow-run"]


def test_what_lasts_is_told_once_and_what_comes_back_again(settings: Settings) -> None:
    def stands(*keys: str) -> None:
        rows = {key: {"key": key, "what": f"{key} is up"} for key in keys}
        emit_news(settings, "winback.breaker.opened", rows)

    for keys in (("a",), ("a",), ("a", "b", "c"), ("b",), ("a", "b"), ()):
        stands(*keys)
    told = [it.payload for it in heard(settings, at_least=3)]
    assert [it["what"] for it in told] == ["a is up", "b is up; c is up", "a is up"]
    assert [it["count"] for it in told] == [1, 2, 1]
    (settings.control_room_dir / "told" / "winback.breaker.opened.json").write_text("{")
    stands("b")
    assert len(heard(settings, at_least=4)) == 4


def test_nobody_waits_for_a_server_that_is_away_and_it_is_told_later(settings: Settings) -> None:
    def stands() -> None:
        emit_news(settings, "winback.unknown.old", {"m": {"what": "m is unknown"}})

    began = time.monotonic()
    with no_server():
        assert not emit(settings, "winback.send.finished", "sent")
        stands()
    assert time.monotonic() - began < 8
    with temporary_settings({PREFECT_API_URL: None}):
        assert not emit(settings, "winback.send.finished", "sent")
    stands()
    stands()
    assert names(settings, at_least=1) == ["winback.unknown.old"]


def test_a_gate_tells_its_failure_once_and_a_feed_that_stopped_as_that(settings: Settings) -> None:
    broken: list[str] = []

    def gate(name: str, _settings: Settings, _as_of: datetime) -> list[str]:
        if broken:
            raise GateFailure(f"the {name} gate stopped the run", rules=broken)
        return ["a warning"]

    def judged(name: str, *rules: str) -> None:
        broken[:] = rules
        if not rules:
            assert telling(gate)(name, settings, OPENS) == ["a warning"]
            return
        with pytest.raises(GateFailure):
            telling(gate)(name, settings, OPENS)

    judged("sources", "days_since_the_newest_order")
    judged("sources", "days_since_the_newest_order", "orders_lost_percent")
    judged("decisions", "sends_to_the_holdout")
    judged("sources", "orders_lost_percent")
    judged("sources")
    judged("decisions", "sends_to_the_holdout")
    judged("sources", "days_since_the_newest_order")
    told = heard(settings, at_least=4)
    assert [it.event for it in told] == [
        "winback.source.stale",
        "winback.gate.failed",
        "winback.gate.failed",
        "winback.source.stale",
    ]
    assert [it.payload["news"][0]["rule"] for it in told[1:3]] == [
        "orders_lost_percent",
        "sends_to_the_holdout",
    ]


def test_a_breaker_that_stays_open_is_told_once_and_an_operators_stop_never(
    settings: Settings,
) -> None:
    report = SendReport(counts=Counter({"accepted": 2, "unknown": 1}))
    with open_stage("sandbox", OPENS) as stage:

        def sends(*, is_refused: bool) -> None:
            """A run: it tries anew what earlier calls stopped."""
            with stage.ledger.write() as connection:
                _stops.try_anew(connection, "email")
                if is_refused:
                    _stops.stop(connection, "email", "auth", "SendGrid refuses", now=OPENS)
            tell_sent(stage, [("sms_email", 1, report)])

        sends(is_refused=True)
        sends(is_refused=True)
        tell_sent(stage, [])
        sends(is_refused=False)
        sends(is_refused=True)
        with stage.ledger.write() as connection:
            release_stops(connection, channel=None)
            stop_all(connection, reason="a wrong price", now=OPENS)
        tell_sent(stage, [("sms_email", 1, SendReport())])
    told = heard(settings, at_least=6)
    assert Counter(it.event for it in told) == {
        "winback.send.finished": 4,
        "winback.breaker.opened": 2,
    }
    assert told[0].payload["totals"] == {"accepted": 2, "unknown": 1}
    assert told[0].payload["steps"] == [
        {"playbook": "sms_email", "step": 1, "accepted": 2, "unknown": 1}
    ]
    assert told[1].payload["what"] == "email: SendGrid refuses"


def test_messages_that_stay_unknown_are_told_after_an_hour(settings: Settings) -> None:
    with open_stage("sandbox", OPENS) as stage:
        for number, ago in enumerate((OLD / 2, 2 * OLD, 3 * OLD)):
            keep_unknown(stage.ledger, f"m{number}", began_at=OPENS - ago)
        for _ in range(2):
            tell_unknown(stage)
    (event,) = heard(settings, at_least=1)
    assert event.payload["count"] == 2
    assert {it["message_id"] for it in event.payload["news"]} == {"m1", "m2"}
    assert "+4477" not in str(event.payload)


def keep_unknown(ledger: Ledger, message_id: str, *, began_at: datetime) -> None:
    """A text whose call got no response."""
    words = ("playbook_id", "customer_id", "variant", "sender", "payload_sha256", "zones")
    message = dict.fromkeys(("template_version", *words), "-")
    times = dict.fromkeys(("expires_at", "planned_at", "updated_at"), began_at)
    numbers = dict.fromkeys(("step", "local_opens_minute", "local_closes_minute"), 1)
    text = {"channel": "sms", "address": "+447700900000", "payload_json": "{}", "state": "unknown"}
    attempt = {"attempt_id": message_id, "started_at": began_at, "deadline_at": began_at}
    attempt |= {"channel": "sms", "n_messages": 1, "request_sha256": "-"}
    link = {"attempt_id": message_id, "message_id": message_id, "pos": 0}
    with ledger.write() as connection:
        whole = {
            "message_id": message_id,
            "enrollment_id": message_id,
            **message,
            **times,
            **numbers,
            **text,
        }
        connection.execute(insert(tables.messages).values(whole))
        connection.execute(insert(tables.attempts).values(attempt))
        connection.execute(insert(tables.attempt_messages).values(link))


def test_a_verdict_is_told_when_it_is_reached(settings: Settings) -> None:
    row = {
        "playbook": "sms_email", "contrast": "treatment-vs-holdout", "window_days": 30,
        "written_to": 1_000, "still_open": 0, "percent_written_to": 5.3,
        "percent_left_alone": 3.0, "points": 2.3, "points_low": 1.2, "points_high": 3.4,
    }  # fmt: skip
    for verdict in ("withheld", "not yet decidable", "winner", "winner"):
        tell_verdicts(settings, [row | {"verdict": verdict}])
    (event,) = heard(settings, at_least=1)
    assert event.payload["what"] == (
        "The messages of sms_email work. Of 100 customers picked for them, 5.3 bought again within "
        "30 days; of 100 picked to be left alone, 3.0. So they brought back some 23 of 1,000 "
        "customers, and at least 12, who would have stayed away."
    )


def test_the_watchdog_tells_a_silent_stage_and_speaks_all_the_same_without_a_server(
    settings: Settings,
) -> None:
    now = WallClock().now()
    with open_ledger(settings) as ledger, ledger.write() as connection:
        for stage, ago in (("send", timedelta(hours=3)), ("collect", timedelta())):
            note_stage_end(connection, stage, at=now - ago)
        _stops.stop(connection, "email", "auth", "SendGrid refuses the key", now=now)
    with no_server():
        done = CliRunner().invoke(app, ["watch"])
    assert done.exit_code == 1
    assert "send has not ended well since" in done.output
    for _ in range(2):
        assert CliRunner().invoke(app, ["watch"]).exit_code == 1
    (event,) = heard(settings, at_least=1)
    assert (event.event, event.payload["news"][0]["stage"]) == ("winback.watch.silent", "send")
    assert "SendGrid" not in str(event.payload), "a breaker has an event of its own"


def test_a_shop_whose_name_has_no_letter_has_a_resource(settings: Settings) -> None:
    odd = settings.model_copy(update={"brand_name": "***"})
    assert shop_resource(odd)["prefect.resource.id"] == "winback.shop.shop"

"""A table of texts with the parts that carriers count, and everybody who counts them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from outbox_rows import outbox_row
from sqlalchemy import select

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.content import Renderer, count_sms_parts, preview
from winback.content.payloads import words_of
from winback.content.preview._playbooks import SEEDS_DIR
from winback.ledger import open_ledger, tables
from winback.rehearsal.sandbox import RunningSandbox, client_settings, start
from winback.rehearsal.sandbox._segments import num_segments
from winback.sending import plan, send_due

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
with (Path(__file__).parent / "sms_parts.csv").open(newline="", encoding="utf-8") as file:
    TEXTS = list(csv.DictReader(file))
NUMBER, TOLL_FREE = "+15005550006", "+18885550100"


def test_the_table_has_sixty_texts_of_every_kind() -> None:
    assert len({it["text"] for it in TEXTS}) >= 60
    assert {it["parts"] for it in TEXTS} == {"1", "2", "3", "4"}
    assert any(it["parts"] != it["parts_toll_free"] for it in TEXTS)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row["what"])
def test_we_and_the_sandbox_count_what_carriers_count(row: dict[str, str]) -> None:
    text, parts, toll_free = row["text"], int(row["parts"]), int(row["parts_toll_free"])
    assert count_sms_parts(text) == num_segments(text, NUMBER) == parts
    assert count_sms_parts(text, toll_free=True) == num_segments(text, TOLL_FREE) == toll_free


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RunningSandbox]:
    settings = Settings.load(home=tmp_path / "sandbox")
    with start(settings, FixedClock(NOW)) as running:
        yield running


def test_message_ledger_preview_and_twilio_count_alike(tmp_path: Path, box: RunningSandbox) -> None:
    """Each text stands where a template has the words of a code."""
    settings = Settings.load(
        home=tmp_path / "home",
        brand_name="Example Shop",
        **client_settings(box.base_url, box.credentials),
        public_base_url="http://127.0.0.1:1",
    )
    clock = FixedClock(NOW)
    rows = [
        outbox_row(
            n,
            address=f"+1415555{n:04d}",
            offer_code=it["text"],
            not_before=NOW - timedelta(hours=1),
        )
        for n, it in enumerate(TEXTS)
    ]
    with open_ledger(settings) as ledger:
        report = plan(ledger, rows, settings, clock)
        send_due(ledger, settings, clock, sleep=lambda _: None)
        with ledger.read() as connection:
            m = tables.messages.c
            kept = connection.execute(select(m.address, m.payload_json, m.segments)).all()
    assert len(kept) == report.planned > 20
    assert report.planned + report.blocked["over_budget"] == len(TEXTS)
    told = {it["to"]: int(it["num_segments"]) for it in _listed(box)}
    assert told == {it.address: it.segments for it in kept}
    for it in kept:
        assert it.segments == count_sms_parts(words_of(it.payload_json)) <= 2


def test_a_preview_counts_as_the_message_is_counted(tmp_path: Path) -> None:
    seeds, templates = tmp_path / "seeds", tmp_path / "templates"
    seeds.mkdir()
    templates.mkdir()
    for path in SEEDS_DIR.glob("*.csv"):
        (seeds / path.name).write_bytes(path.read_bytes())
    head = (seeds / "playbook_steps.csv").read_text().splitlines()[0]
    lines = []
    for n, it in enumerate(TEXTS):
        (templates / f"t{n}.txt").write_text(
            "{{ brand }}: {% raw %}" + it["text"] + "{% endraw %} Reply STOP to opt out"
        )
        values = {"playbook_id": "sms_four_step", "step": n + 1, "anchor_step": n or "",
                  "min_days": 0, "max_days": 1, "channel": "sms", "template": f"t{n}",
                  "includes_offer": "false"}  # fmt: skip
        lines.append(",".join(str(values.get(name, "")) for name in head.split(",")))
    (seeds / "playbook_steps.csv").write_text("\n".join([head, *lines]) + "\n")
    (seeds / "step_contents.csv").write_text(
        (seeds / "step_contents.csv").read_text().splitlines()[0] + "\n"
    )
    (seeds / "step_variants.csv").write_text(
        (seeds / "step_variants.csv").read_text().splitlines()[0] + "\n"
    )
    for toll_free, sender in ((False, NUMBER), (True, TOLL_FREE)):
        settings = Settings.load(
            home=tmp_path, twilio_messaging_service_sid="MG1", sms_toll_free=toll_free
        )
        shown, _ = preview.preview(
            settings, FixedClock(NOW), playbook="sms_four_step", seeds_dir=seeds,
            templates_dir=templates,
        )  # fmt: skip
        renderer = Renderer(settings, templates)
        assert [it.step for it in shown] == list(range(1, len(TEXTS) + 1))
        for it in shown:
            if it.unwritten:
                assert it.unwritten.startswith("over_budget")
                continue
            rendered = renderer.render(
                {"template": it.template, "channel": "sms"}, unsubscribe_url=""
            )
            assert it.sms_parts == rendered.sms_parts == num_segments(it.words, sender) <= 2


def _listed(box: RunningSandbox) -> list[dict[str, str]]:
    account, found = box.credentials.account_sid, []
    path = f"/2010-04-01/Accounts/{account}/Messages.json?PageSize=1000"
    while path:
        page = requests.get(
            box.base_url + path, auth=(account, box.credentials.auth_token), timeout=10
        ).json()
        found += page["messages"]
        path = page["next_page_uri"]
    return found

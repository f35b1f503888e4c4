"""Who asks what is held of them gets all of it, and nothing of anybody else."""

from __future__ import annotations

import json
import re
import stat
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from erasable_home import EMAIL, NAME, NOW, OTHER, PHONE, TRACES, Home, message, texted
from traces import hashes_of
from typer.testing import CliRunner

from winback.base.errors import UsageError
from winback.cli._app import app
from winback.inbound import collect
from winback.ledger import tables
from winback.people.export import Exported, export_person

pytestmark = pytest.mark.long


def exported(home: Home, customer_id: str = "c1") -> tuple[Exported, dict[str, Any], str]:
    done = export_person(home.settings, home.clock, customer_id)
    text = done.data.read_text(encoding="utf-8")
    return done, json.loads(text), text + done.page.read_text(encoding="utf-8")


def places(data: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {it["place"]: [row["row"] for row in it["rows"]] for it in data["places"]}


def test_each_place_where_an_erasure_finds_them_is_in_it(home: Home) -> None:
    found = home.erase(dry_run=True)
    done, _, text = exported(home)
    rows = dict(done.rows) | {
        "published": sum(n for place, n in done.rows.items() if place.startswith("published "))
    }
    # An erasure adds a line for each address, and counts where others name them.
    less = {place for place, count in found.items() if rows.get(place, 0) < count}
    assert less <= {"ledger suppressions", "raw events", "ledger replies", "ledger provider_events"}
    assert less <= set(rows)
    for trace in TRACES:
        assert trace.casefold() in text.casefold(), trace


def test_nobody_elses_address_is_in_it_and_what_others_wrote_is_counted(home: Home) -> None:
    home.heard(3, texted("SM7", f"call {OTHER} or +4915199999999, not me"))
    collect(home.ledger, home.settings, home.clock)
    done, data, text = exported(home)
    assert OTHER not in text
    assert "4915199999999" not in text
    assert "Bob" not in text
    # Their own words are whole but for the addresses.
    said = [row["text"] for row in places(data)["ledger replies"]]
    assert any(re.fullmatch(r"call \[.*\] or \[.*\], not me", it) for it in said)
    # `Ask ann@… instead` is what somebody else wrote.
    assert f"Ask {EMAIL}" not in text
    assert done.withheld >= 2
    assert "Somebody else" in done.page.read_text()


def test_the_other_customer_gets_theirs_alone(home: Home) -> None:
    _, data, text = exported(home, "c2")
    assert OTHER in text
    assert [trace for trace in (*TRACES, '"c1"') if trace.casefold() in text.casefold()] == []
    (redeemed,) = places(data)["published offer_redemptions"]
    assert redeemed == {"customer_id": "c2", "given_to_customer_id": "another customer"}


def test_proof_file_and_line_of_each_consent_and_opt_out(home: Home) -> None:
    _, data, _ = exported(home)
    (consents,) = (it for it in data["places"] if it["place"] == "landing consents")
    (consent,) = consents["rows"]
    assert (consent["file"], consent["line"]) == ("landing/shop/consents.parquet", 1)
    assert consent["row"]["proof"] == f"form sent by {EMAIL}"
    assert consent["row"]["occurred_at"].startswith("2026-01-01")
    told = [(row["reason"], row["source"]) for row in places(data)["ledger suppressions"]]
    assert ("stop", "import") in told
    (rejected,) = (it for it in data["places"] if it["place"] == "landing rejected")
    assert rejected["rows"][0]["line"] == 2


def test_messages_have_their_words_and_orders_their_lines(home: Home) -> None:
    items = [{"order_id": "o1", "product_id": "p1"}, {"order_id": "o2", "product_id": "p2"}]
    pq.write_table(pa.Table.from_pylist(items), home.settings.shop_dir / "order_items.parquet")
    done, data, _ = exported(home)
    assert {row["payload_json"]["text"] for row in places(data)["ledger messages"]} == {
        f"Hi {NAME}"
    }
    assert [row["product_id"] for row in places(data)["landing order_items"]] == ["p1"]
    assert f"Hi {NAME}" in done.page.read_text()


def test_ids_that_the_shop_merged_are_one_person(home: Home) -> None:
    path = home.settings.shop_dir / "customers.parquet"
    rows = pq.read_table(path)
    told = rows.to_pylist()
    for old, new in (("c0", "c1"), ("c00", "c0")):
        told.append(dict.fromkeys(rows.column_names) | {"customer_id": old, "merged_into": new,
                                                        "email": f"{old}@old.example"})  # fmt: skip
    pq.write_table(pa.Table.from_pylist(told, schema=rows.schema), path)
    with home.ledger.write() as connection:
        row = message("8" * 32, "c00", "email", "c00@old.example")
        connection.execute(tables.messages.insert(), row)
    done, _, text = exported(home)
    assert set(done.ids) == {"c1", "c0", "c00"}
    assert done.rows["ledger messages"] == 5
    assert "c00@old.example" in text
    assert OTHER not in text


def test_lists_for_ads_that_have_a_hash_of_theirs_are_named(home: Home) -> None:
    for platform, known in (("meta", PHONE[1:]), ("google", EMAIL.lower()), ("csv", OTHER)):
        folder = home.settings.audiences_dir / f"at_risk-{platform}"
        folder.mkdir(parents=True)
        state = {"segment": "at_risk", "platform": platform, "exported_at": "x", "remove_since": ""}
        (folder / "audience.json").write_text(json.dumps(state))
        (folder / "include.csv").write_text(f"email,phone\n{','.join(hashes_of(known, 'b'))}\n")
    done, data, _ = exported(home)
    assert done.rows["audiences"] == 2
    assert [(it["platform"], it["list"]) for it in places(data)["audiences"]] == [
        ("google", "include"), ("meta", "include"),
    ]  # fmt: skip


def test_the_files_are_private_go_with_an_erasure_and_name_nobody_twice(home: Home) -> None:
    done, _, _ = exported(home)
    for path in (done.data, done.page):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = done.page.read_text()
    assert not re.search(r"""(src|href|url)\s*[=(]""", page)
    assert "color-scheme: light dark" in page
    assert 'name="viewport"' in page
    again = export_person(home.settings, home.clock, "c1")
    assert again.rows == done.rows
    home.erase()
    assert not done.data.exists()
    assert home.traces(*TRACES) == []


def test_who_was_erased_gets_what_is_left_without_a_name(home: Home) -> None:
    home.erase()
    done, data, text = exported(home)
    assert done.rows["ledger messages"] == 4
    assert data["erased"] == {"c1": NOW.isoformat()}
    assert [trace for trace in TRACES if trace.casefold() in text.casefold()] == []


def test_who_is_known_nowhere_is_one_line(home: Home) -> None:
    with pytest.raises(UsageError, match="customer 'nobody' is known nowhere here"):
        export_person(home.settings, home.clock, "nobody")


def test_the_command_lists_what_it_wrote(home: Home, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home.settings.home))
    run = CliRunner().invoke(app, ["export", "c1", "--out", str(tmp_path / "out"), "--json"])
    told = json.loads(run.stdout)
    assert told["rows"]["ledger messages"] == 4
    assert told["ids"] == ["c1"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"person.json", "person.html"}
    plain = CliRunner().invoke(app, ["export", "c1", "--out", str(tmp_path / "out")]).output
    assert not any(trace in plain for trace in (EMAIL, PHONE, NAME))

"""A contact rule is a row of the seed, a column of the model of its kind, and its unit test."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from project_copies import copy_project

from winback.base.settings import Settings
from winback.warehouse import _dbt

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import rule_files  # noqa: E402 - a script, no part of the package

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
SEED_ROW = (
    'guest,pause,"they are a guest of the house: today nobody writes to them",S1,'
    "dbt_project/models/decisions/eligibility/dec_eligibility__pauses.sql,"
    "verified,,2026-11-29,2026-11-29,\n"
)
COLUMN = "        contact_points.address != 'guest' as ok_guest,\n"
UNIT_TEST = """
  - name: a_guest_is_not_written_to
    model: dec_eligibility__pauses
    given:
      - input: ref('int_customers__contact_points')
        rows:
          - {customer_id: ann, channel: sms, address: guest}
          - {customer_id: bob, channel: sms, address: other}
          - {customer_id: cy, channel: sms, address: null}
"""
EXPECTED = """    expect:
      rows:
        - {customer_id: ann, ok_guest: false}
        - {customer_id: bob, ok_guest: true}
        - {customer_id: cy, ok_guest: null}
"""
# What the pauses are judged by: each as empty as can be, but the people's addresses.
INPUTS = {
    "int_contact__preferences": "'' as customer_id, '' as channel, true as is_paused",
    "int_contact__soft_bounces": "'' as channel, '' as address",
    "int_contact__complaints": "'' as channel, true as is_stopped",
    "int_contact__in_transit": "'' as customer_id",
    "int_contact__conversations": "'' as customer_id",
    "int_contact__unread_rows": "'' as customer_id",
}
SERIES_RULES = ("consent", "cap_24h", "cap_7d", "conversation")


def test_the_files_that_follow_from_the_seed_are_up_to_date() -> None:
    expected = rule_files.files(ROOT)
    stale = [
        str(path)
        for path, text in expected.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "Next: make docs"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with a rule more, by the three edits and `make docs`."""
    project = copy_project(tmp_path / "dbt_project")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / rule_files.ANALYSTS, tmp_path / rule_files.ANALYSTS)
    kinds = project / "models" / "decisions" / "eligibility"

    seed = project / "seeds" / "contact_rules.csv"
    seed.write_text(seed.read_text().replace("\nmerged,", f"\n{SEED_ROW}merged,"))
    model = kinds / "dec_eligibility__pauses.sql"
    model.write_text(model.read_text().replace("-- rules\n", f"-- rules\n{COLUMN}"))
    given = "".join(f"      - input: ref('{name}')\n        rows: []\n" for name in INPUTS)
    with (kinds / "dec_eligibility__pauses.yml").open("a") as file:
        file.write(UNIT_TEST + given + EXPECTED)

    for path, text in rule_files.files(tmp_path).items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    return project


def fill(warehouse: Path) -> None:
    """Ann is a guest, Bob is not, and every other rule holds for both."""
    rules = rule_files.rules(ROOT)
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table int_customers__contact_points as"
            " select customer_id, 'sms' as channel, address"
            " from (values ('ann', 'guest'), ('bob', 'other')) as p (customer_id, address)"
        )
        for name, columns in INPUTS.items():
            connection.execute(f"create table {name} as select {columns} where false")
        for name, kind in (("standing", "standing"), ("caps", "cap")):
            columns = ", ".join(
                f"true as ok_{rule['rule_id']}" for rule in rules if rule["kind"] == kind
            )
            connection.execute(
                f"create table dec_eligibility__{name} as select customer_id, channel, {columns},"
                " cast(null as timestamptz) as consent_expires_at"
                " from int_customers__contact_points"
            )
        columns = ", ".join(f"true as ok_{rule}" for rule in SERIES_RULES)
        connection.execute(
            "create table dec_eligibility__series_rules as select customer_id || '1' as join_id,"
            f" 'tips' as series_id, customer_id, channel, {columns}"
            " from int_customers__contact_points"
        )


# A copy of the project is parsed, built and tested; what the seed's files hold is looked at above.
@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_a_rule_of_three_edits_blocks_is_named_and_is_in_the_contracts(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    fill(settings.warehouse_path)
    variables = _dbt.dbt_vars(settings, AS_OF)
    judged = ["dec_eligibility__pauses", "dec_eligibility__rules", "dec_eligibility__channels",
              "dec_eligibility__series"]  # fmt: skip
    published = ["channel_eligibility", "series_eligibility"]

    run = _dbt.invoke_dbt(
        settings, ["run", "--write-json", "--select", *judged, *published], variables
    )
    tested = ["a_guest_is_not_written_to", *(f"{name},test_type:unit" for name in judged[1:])]
    tests = _dbt.invoke_dbt(settings, ["test", "--select", *tested], variables)

    assert run.counts == {"success": 6}
    assert tests.counts == {"pass": 4}
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for table in published:
            rows = connection.execute(
                f"select customer_id, is_eligible, blocked_by, paused_by, ok_guest from {table}"
                " order by 1"
            ).fetchall()
            assert rows == [
                ("ann", False, "guest", "guest", False),
                ("bob", True, "", "", True),
            ]
    manifest = json.loads((settings.home / "dbt" / "target" / "manifest.json").read_text())
    for model in [*published, "send_decisions"]:
        assert "ok_guest" in manifest["nodes"][f"model.winback.{model}"]["columns"]
    assert "| `guest` | pause |" in (tmp_path / rule_files.ANALYSTS).read_text()

"""Segments are files: what each says of itself, and what an analyst may rely on."""

from __future__ import annotations

import csv

import yaml

from winback.warehouse import _dbt


def test_the_segments_that_dbt_knows_by_itself_are_the_files() -> None:
    project = yaml.safe_load((_dbt.DBT_DIR / "dbt_project.yml").read_text())
    assert sorted(project["vars"]["segments"]) == _dbt.segment_names()


def test_every_segment_file_states_its_rule_its_grain_and_its_priority() -> None:
    with (_dbt.DBT_DIR / "seeds" / "playbook_segments.csv").open(newline="") as file:
        ranks = sorted(
            (row["segment"], f"{row['playbook_id']} {row['priority']}")
            for row in csv.DictReader(file)
        )
    for path in (_dbt.DBT_DIR / "models" / "segments").glob("*.sql"):
        header = path.read_text().partition("*/")[0]
        assert header.startswith("/*\n    Rule:     "), path.name
        assert "\n    Grain:    one row per customer" in header, path.name
        ranked = ", ".join(rank for segment, rank in ranks if segment == path.stem)
        priority = ranked or "none; no shipped playbook takes it"
        # A long list goes on in the next line.
        stated = header.partition("\n    Priority: ")[2]
        assert " ".join(stated.split()) == priority, path.name

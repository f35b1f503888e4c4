"""A benchmark reads the SQL of a build's results, and invents shops that are alike at any size."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]


def test_the_sql_of_a_build_is_that_of_its_nodes_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), str(ROOT / "benchmarks"), *sys.path])
    benchmark = import_module("build_audience")
    target = tmp_path / "dbt" / "target"
    target.mkdir(parents=True)
    names = ["model.winback.b", "exposure.winback.report", "model.winback.a"]
    nodes = {name: {"name": name[-1]} for name in names if name.startswith("model.")}
    results = [{"unique_id": name, "compiled_code": f"select {name[-1]}"} for name in names]
    (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    (target / "run_results.json").write_text(json.dumps({"results": results}))
    found = [it["compiled_code"] for it in benchmark._nodes_in_order(tmp_path)]
    assert found == ["select b", "select a"]


def test_any_customer_of_a_large_shop_may_have_ordered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), str(ROOT / "benchmarks"), *sys.path])
    orders = import_module("build_audience").QUERIES["orders"]
    # Of 50 million customers nearly each of a million orders has another.
    of_some = orders.replace("range(10 * {customers})", "range(1000000)")
    query = f"select count(distinct customer_id) from ({of_some})"
    assert duckdb.sql(query.format(customers=50_000_000)).fetchone() > (900_000,)

"""dbt's unit tests of the project, without what dbt would ask and write again for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from winback.base.settings import Settings
from winback.warehouse import DbtResult, invoke_dbt


def run_unit_tests(
    settings: Settings, variables: Mapping[str, Any], *selection: str
) -> dict[str, int]:
    """Run the unit tests of a selection on the tables of a home: how many ended in each status.

    No table changes meanwhile. So the columns of each are read once, and not for every test that
    has rows of it, which is a fifth of the time; and no query is written to a file that nobody
    reads, which is a tenth.
    """
    from dbt.adapters.duckdb.impl import DuckDBAdapter
    from dbt.contracts.graph.nodes import UnitTestNode

    read, known = DuckDBAdapter.get_columns_in_relation, dict[str, Any]()

    def columns(adapter: Any, relation: Any) -> Any:
        # What a test makes for itself has another's name again later.
        if "__dbt_tmp" in relation.identifier:
            return read(adapter, relation)
        name = relation.render()
        if name not in known:
            known[name] = read(adapter, relation)
        return known[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDBAdapter, "get_columns_in_relation", columns)
        patch.setattr(UnitTestNode, "write_node", lambda *_: None)
        command = ["test", *selection, "--exclude-resource-type", "test"]
        done: DbtResult = invoke_dbt(settings, command, variables)
    return done.counts

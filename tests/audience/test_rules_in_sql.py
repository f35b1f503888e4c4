"""The dbt unit tests of the audience: each branch of each rule on rows of its own."""

from __future__ import annotations

from audience_builds import AUDIENCE
from contact_cases import AS_OF

from winback.base.settings import Settings
from winback.warehouse import dbt_vars, invoke_dbt


def test_every_dbt_unit_test_of_the_audience_passes(case_shop: Settings) -> None:
    arguments = ["test", *AUDIENCE, "--exclude-resource-type", "test"]
    result = invoke_dbt(case_shop, arguments, dbt_vars(case_shop, AS_OF))
    assert set(result.counts) == {"pass"}
    assert result.counts["pass"] >= 25

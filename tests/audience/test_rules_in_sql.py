"""The dbt unit tests of the audience: each branch of each rule on rows of its own."""

from __future__ import annotations

from audience_builds import AUDIENCE
from contact_cases import AS_OF
from unit_tests_of_dbt import run_unit_tests

from winback.base.settings import Settings
from winback.warehouse import dbt_vars


def test_every_dbt_unit_test_of_the_audience_passes(case_shop: Settings) -> None:
    counts = run_unit_tests(case_shop, dbt_vars(case_shop, AS_OF), *AUDIENCE)
    assert set(counts) == {"pass"}
    assert counts["pass"] >= 25

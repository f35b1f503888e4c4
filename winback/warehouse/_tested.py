"""Models first, then their data tests in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import duckdb

from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.warehouse import _dbt
from winback.warehouse._data_tests import concerns, read_tests, run_tests
from winback.warehouse._dbt import DbtFailure, DbtResult, compile_tests, project_files

DbtInvoker = Callable[[Settings, Sequence[str], Mapping[str, Any]], DbtResult]

_WITHOUT_TESTS: Final = ("--exclude-resource-type", "test")


def build_tested(
    settings: Settings, arguments: Sequence[str], variables: Mapping[str, Any], invoke: DbtInvoker
) -> DbtResult:
    """Build what a `dbt build` of these arguments would, and test it once it is all there.

    Raises BuildFailure that names the models and the tests that failed. A test of a table that
    could not be built is left out, as dbt skips it.
    """
    failures: tuple[str, ...] = ()
    try:
        result = invoke(settings, (*arguments, *_WITHOUT_TESTS), variables)
    except DbtFailure as failed:
        result, failures = failed.result, failed.failures
    if not result.built:
        return _or_raise(result, failures)
    tests = [
        test
        for test in read_tests(settings, variables, project_files(), compile_tests)
        if concerns(test, built=result.built, broken=result.broken)
    ]
    try:
        report = run_tests(settings, tests, _dbt.DBT_DIR)
    except duckdb.Error as error:
        raise BuildFailure("dbt failed:\n  " + "\n  ".join([*failures, str(error)])) from error
    counts = Counter(result.counts) + Counter(report.counts)
    failures += report.failures
    others = [test.name for test in tests if not test.query]
    if others:
        try:
            counts += Counter(invoke(settings, ("test", "--select", *others), variables).counts)
        except DbtFailure as failed:
            counts += Counter(failed.result.counts)
            failures += failed.failures
    return _or_raise(DbtResult(dict(counts), result.built, result.broken), failures)


def _or_raise(result: DbtResult, failures: Sequence[str]) -> DbtResult:
    if failures:
        raise DbtFailure(result, tuple(failures))
    return result

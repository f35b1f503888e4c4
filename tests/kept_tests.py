"""The SQL of the project's data tests, written once for all homes of a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from winback.base.settings import Settings
from winback.warehouse import _dbt
from winback.warehouse._data_tests import _OF_ONE_RUN, DataTest


class TestsOfAll:
    """What dbt made of the tests for one home, for every home of the same project and vars.

    Of a home, they hold where its landing is and nothing else.
    """

    __test__ = False

    def __init__(self) -> None:
        self.compile = _dbt.compile_tests
        self.kept: dict[str, tuple[str, list[DataTest]]] = {}

    def compile_tests(self, settings: Settings, variables: Mapping[str, Any]) -> list[DataTest]:
        lasting = {name: it for name, it in variables.items() if name not in _OF_ONE_RUN}
        key = json.dumps([settings.dbt_target, lasting, _dbt._project_state()], sort_keys=True)
        landing = str(settings.landing_dir)
        if key not in self.kept:
            self.kept[key] = landing, self.compile(settings, variables)
        elsewhere, tests = self.kept[key]
        return [
            replace(
                test,
                query=test.query.replace(elsewhere, landing),
                of_seeds=test.of_seeds.replace(elsewhere, landing),
            )
            for test in tests
        ]

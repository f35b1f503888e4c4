"""Hold a gate's figures to its rules with Great Expectations."""

from __future__ import annotations

import logging
import os
import warnings as python_warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quality._figures import Figure
from quality._rules import Rule

if TYPE_CHECKING:
    import pandas as pd


def broken_rules(name: str, rules: Sequence[Rule], measured: Sequence[Figure]) -> frozenset[str]:
    """Run the suite over a one-row frame, a column a rule; the names of the broken rules."""
    gx, frame = great_expectations(), _frame(measured)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = context.suites.add(
        gx.ExpectationSuite(
            name,
            expectations=[
                gx.expectations.ExpectColumnValuesToBeBetween(
                    column=rule.name,
                    max_value=figure.allowed,
                    severity=rule.severity,
                    notes=f"{rule.meaning}. {rule.next_step}",
                )
                for rule, figure in zip(rules, measured, strict=True)
            ],
        )
    )
    batch = context.data_sources.add_pandas(name).add_dataframe_asset("figures")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=name, data=batch.add_batch_definition_whole_dataframe("run"), suite=suite
        )
    )
    validation = definition.run(batch_parameters={"dataframe": frame})
    return frozenset(
        item.expectation_config.kwargs["column"] for item in validation.results if not item.success
    )


def great_expectations() -> Any:
    """Great Expectations, imported and silent."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with python_warnings.catch_warnings():
        # Its import warns of Python's own deprecations; 8 s, so only gates pay for it.
        python_warnings.simplefilter("ignore")
        import great_expectations as gx
        import great_expectations.expectations
    # It raises this one's level itself, and would tell of a temporary folder in every build.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return gx


def _frame(measured: Sequence[Figure]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({figure.rule: [figure.figure] for figure in measured})

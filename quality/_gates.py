"""Hold a gate's figures to its rules with Great Expectations, and write the Data Docs."""

from __future__ import annotations

import logging
import os
import warnings as python_warnings
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quality._figures import Figure, figures
from quality._rules import GATES, Rule
from winback.base.errors import GateFailure
from winback.base.settings import Settings
from winback.warehouse import Gate

if TYPE_CHECKING:
    import pandas as pd


def gate(*, sends: bool, accept_volume: bool = False) -> Gate:
    """The gate that builds and flows call.

    What may be sent on (`sends`) must be fresher than what is only looked at;
    `accept_volume` lets a feed be smaller this once.
    """
    return partial(_check, sends=sends, waived=_VOLUME if accept_volume else frozenset())


_VOLUME: Final = frozenset(
    {"orders_lost_percent", "customers_lost_percent", "consents_lost_percent"}
)


def _check(
    name: str, settings: Settings, as_of: datetime, *, sends: bool, waived: frozenset[str]
) -> Sequence[str]:
    """Let a batch pass and return its warnings, or raise GateFailure that names each rule.

    Data Docs of the last check of each gate are left in `reports/data_docs/<gate>/`.
    """
    rules = GATES[name]
    found = {figure.rule: figure for figure in figures(name, settings, as_of, sends=sends)}
    measured = [found.get(rule.name, Figure(rule.name, 0.0, 0.0, "")) for rule in rules]
    broken = _validate(name, rules, measured, settings.reports_dir / "data_docs" / name)
    critical: list[str] = []
    warnings: list[str] = []
    for rule, figure in zip(rules, measured, strict=True):
        if rule.name in broken:
            stops = rule.severity == "critical" and rule.name not in waived
            (critical if stops else warnings).append(_line(rule, figure))
    if critical:
        raise GateFailure(f"the {name} gate stopped the run: " + "; ".join(critical))
    return warnings


def _line(rule: Rule, figure: Figure) -> str:
    line = f"{rule.name} = {figure.figure:g}, allowed {figure.allowed:g} ({rule.meaning}"
    line += f": {figure.examples})" if figure.examples else ")"
    return line + (f". Next: {rule.next_step}" if rule.next_step else "")


def _validate(
    name: str, rules: Sequence[Rule], measured: Sequence[Figure], docs: Path
) -> frozenset[str]:
    """Run the suite over a one-row frame, a column a rule; the names of the broken rules."""
    gx, frame = _great_expectations(), _frame(measured)
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
    context.add_data_docs_site(site_name=name, site_config=_site(docs))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="docs", site_names=[name])],
        )
    )
    result = checkpoint.run(batch_parameters={"dataframe": frame})
    (validation,) = result.run_results.values()
    return frozenset(
        item.expectation_config.kwargs["column"] for item in validation.results if not item.success
    )


def _great_expectations() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with python_warnings.catch_warnings():
        # Its import warns of Python's own deprecations; 8 s, so only gates pay for it.
        python_warnings.simplefilter("ignore")
        import great_expectations
        import great_expectations.checkpoint
        import great_expectations.expectations
    # It raises this one's level itself, and would tell of a temporary folder in every build.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


def _frame(measured: Sequence[Figure]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({figure.rule: [figure.figure] for figure in measured})


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
        # The page that counts is the validation's; the suite's own page repeats it.
        "site_section_builders": {"expectations": "None", "profiling": "None"},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }

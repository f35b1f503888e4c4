"""dbt's target spark: the same SQL, seeds and tests, whose rows a Spark cluster makes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any, Final

from winback.base.errors import WinbackError
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings

_ADAPTER: Final = PROJECT_DIR / "dbt_project" / "adapters" / "winbackspark"
# dbt looks for an adapter among the modules of this package.
_NAME: Final = f"dbt.adapters.{_ADAPTER.name}"


def register() -> None:
    """Let dbt find the target. Raises WinbackError where the extra is not installed."""
    if find_spec("pyspark") is None or find_spec("sqlglot") is None:
        raise WinbackError(
            "the target spark needs packages that are not installed. "
            "Next: pip install 'winback[spark]'"
        )
    if _NAME in sys.modules:
        return
    spec = spec_from_file_location(
        _NAME, _ADAPTER / "__init__.py", submodule_search_locations=[str(_ADAPTER)]
    )
    assert spec is not None  # noqa: S101 - the file ends with .py
    assert spec.loader is not None  # noqa: S101 - and so Python knows how to load it
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_NAME]
        raise


def answers_of(
    settings: Settings, connection: Any, queries: Sequence[str]
) -> Iterator[tuple[Any, ...] | str]:
    """The only row of each query of the warehouse, which `connection` reads, or what stopped it."""
    from winback.warehouse.spark._questions import answers
    from winback.warehouse.spark._session import engine_for
    from winback.warehouse.spark._tables import Tables

    engine = engine_for(settings.landing_dir, settings.spark_master)
    folder = settings.warehouse_path.parent / "spark"
    return answers(Tables(connection, folder.resolve(), engine), queries)

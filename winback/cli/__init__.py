"""The `winback` console command."""

from winback.cli import (  # noqa: F401 - importing a module registers its command
    _approve,
    _automations,
    _backtest,
    _build,
    _classify,
    _codes,
    _dbt,
    _demo,
    _deploy,
    _doctor,
    _erase,
    _inbox,
    _init,
    _load,
    _mode,
    _next,
    _power,
    _preview,
    _pull,
    _reconcile,
    _replay_events,
    _report,
    _respond,
    _run,
    _sandbox,
    _send_test,
    _serve,
    _suppressions,
    _switch,
    _up,
    _watch,
    _why,
)
from winback.cli._app import main

__all__ = ["main"]

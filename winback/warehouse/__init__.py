"""The warehouse: running dbt over it, and publishing what dbt built."""

from winback.warehouse._build import (
    BuildReport,
    Gate,
    build,
    build_outcomes,
    warehouse_lock,
    why_build,
)
from winback.warehouse._damaged import MEMORIES
from winback.warehouse._dbt import (
    DbtResult,
    DbtRunner,
    dbt_environment,
    dbt_vars,
    invoke_dbt,
    parsed_project,
    read_project,
    run_dbt,
    segment_names,
    use_project,
)
from winback.warehouse._history import keep_decisions, published_rows
from winback.warehouse._publish import (
    PUBLIC_TABLES,
    Manifest,
    has_rows,
    landed_rows,
    publish,
    read_manifest,
    require_recent,
)
from winback.warehouse._replay import Replay, replaying
from winback.warehouse._shared import forget_shared

__all__ = [
    "MEMORIES",
    "PUBLIC_TABLES",
    "BuildReport",
    "DbtResult",
    "DbtRunner",
    "Gate",
    "Manifest",
    "Replay",
    "build",
    "build_outcomes",
    "dbt_environment",
    "dbt_vars",
    "forget_shared",
    "has_rows",
    "invoke_dbt",
    "keep_decisions",
    "landed_rows",
    "parsed_project",
    "publish",
    "published_rows",
    "read_manifest",
    "read_project",
    "replaying",
    "require_recent",
    "run_dbt",
    "segment_names",
    "use_project",
    "warehouse_lock",
    "why_build",
]

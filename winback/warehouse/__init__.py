"""The warehouse: running dbt over it, and publishing what dbt built."""

from winback.warehouse._dbt import DbtResult, dbt_environment, dbt_vars, invoke_dbt

__all__ = ["DbtResult", "dbt_environment", "dbt_vars", "invoke_dbt"]

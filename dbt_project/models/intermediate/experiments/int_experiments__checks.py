"""Whether the arms are as dealt, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import checks_frame

    def frame(relation):
        # A DuckDB relation, or a Spark data frame.
        return relation.df() if hasattr(relation, "df") else relation.toPandas()

    dbt.config(materialized="table")
    numbers = frame(dbt.ref("int_experiments__plan")).iloc[0]
    return checks_frame(
        frame(dbt.ref("int_experiments__dimension_cells")),
        threshold=float(numbers["srm_threshold"]),
        min_expected=float(numbers["srm_min_expected"]),
    )

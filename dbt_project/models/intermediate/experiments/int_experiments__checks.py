"""Whether the arms are as dealt, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import checks_frame, read_frame

    dbt.config(materialized="table")
    numbers = read_frame(dbt.ref("int_experiments__plan")).iloc[0]
    return checks_frame(
        read_frame(dbt.ref("int_experiments__dimension_cells")),
        threshold=float(numbers["srm_threshold"]),
        min_expected=float(numbers["srm_min_expected"]),
    )

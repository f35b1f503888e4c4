"""What each look says, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import looks_frame, read_frame

    dbt.config(materialized="table")
    return looks_frame(read_frame(dbt.ref("int_experiments__looks")))

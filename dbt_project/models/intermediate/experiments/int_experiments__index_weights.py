"""The weights of each playbook's index, by winback.measure.statistics: SQL solves no equations."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import read_frame, weights_frame

    dbt.config(materialized="table")
    numbers = read_frame(dbt.ref("int_experiments__plan")).iloc[0]
    return weights_frame(
        read_frame(dbt.ref("int_experiments__index_sums")),
        min_watched=int(numbers["index_min_watched"]),
        min_explained=float(numbers["index_min_explained"]),
    )

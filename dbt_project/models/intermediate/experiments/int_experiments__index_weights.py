"""The weights of each playbook's index, by winback.measure.statistics: SQL solves no equations."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import weights_frame

    def frame(relation):
        # A DuckDB relation, or a Spark data frame.
        return relation.df() if hasattr(relation, "df") else relation.toPandas()

    dbt.config(materialized="table")
    numbers = frame(dbt.ref("int_experiments__plan")).iloc[0]
    return weights_frame(
        frame(dbt.ref("int_experiments__index_sums")),
        min_watched=int(numbers["index_min_watched"]),
        min_explained=float(numbers["index_min_explained"]),
    )

"""Every contrast of every playbook, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import Plan, contrasts_frame

    def frame(relation):
        # A DuckDB relation, or a Spark data frame.
        return relation.df() if hasattr(relation, "df") else relation.toPandas()

    dbt.config(materialized="table")
    plan = frame(dbt.ref("int_experiments__plan"))
    cells = frame(dbt.ref("int_experiments__cells"))
    planned = frame(dbt.ref("int_experiments__planned"))
    watched = frame(dbt.ref("int_experiments__watched"))
    return contrasts_frame(cells, planned, watched, Plan.of(plan.iloc[0]))

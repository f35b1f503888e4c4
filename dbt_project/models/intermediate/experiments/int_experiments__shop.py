"""The shop's one number from its playbooks' and its people's, by winback.measure.statistics."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import Plan, shop_results_frame

    def frame(relation):
        # A DuckDB relation, or a Spark data frame.
        return relation.df() if hasattr(relation, "df") else relation.toPandas()

    dbt.config(materialized="table")
    plan = frame(dbt.ref("int_experiments__plan"))
    results = frame(dbt.ref("int_experiments__results"))
    people = frame(dbt.ref("int_experiments__people_cells"))
    return shop_results_frame(results, people, Plan.of(plan.iloc[0]))

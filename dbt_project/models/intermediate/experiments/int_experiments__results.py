"""Every contrast of every playbook, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import Plan, contrasts_frame

    def frame(relation):
        # A DuckDB relation, or a Spark data frame.
        return relation.df() if hasattr(relation, "df") else relation.toPandas()

    dbt.config(materialized="table")
    numbers = frame(dbt.ref("int_experiments__plan")).iloc[0]
    plan = Plan(
        alpha=float(numbers["experiment_alpha"]),
        sequential_tuning_customers=int(numbers["sequential_tuning_customers"]),
        min_customers_per_arm=int(numbers["min_customers_per_arm"]),
        min_expected_reactivations=float(numbers["min_expected_reactivations"]),
        smallest_effect_reactivation=float(numbers["smallest_effect_reactivation"]),
        smallest_effect_revenue_cents=float(numbers["smallest_effect_revenue_cents"]),
        smallest_effect_order_value_cents=float(numbers["smallest_effect_order_value_cents"]),
        srm_threshold=float(numbers["srm_threshold"]),
    )
    cells = frame(dbt.ref("int_experiments__cells"))
    planned = frame(dbt.ref("int_experiments__planned"))
    watched = frame(dbt.ref("int_experiments__watched"))
    return contrasts_frame(cells, planned, watched, plan)

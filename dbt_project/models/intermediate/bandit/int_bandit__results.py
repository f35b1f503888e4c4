"""What a step's deciding added, and what each arm alone would have brought, by
winback.measure.bandit: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.bandit import results_frame
    from winback.measure.statistics import Plan, read_frame

    dbt.config(materialized="table")
    plan = read_frame(dbt.ref("int_experiments__plan"))
    return results_frame(
        read_frame(dbt.ref("int_bandit__outcomes")),
        read_frame(dbt.ref("int_bandit__shares")),
        Plan.of(plan.iloc[0]),
    )

"""The shop's one number from its playbooks' and its people's, by winback.measure.statistics."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import Plan, read_frame, shop_results_frame

    dbt.config(materialized="table")
    plan = read_frame(dbt.ref("int_experiments__plan"))
    results = read_frame(dbt.ref("int_experiments__results"))
    people = read_frame(dbt.ref("int_experiments__people_cells"))
    return shop_results_frame(results, people, Plan.of(plan.iloc[0]))

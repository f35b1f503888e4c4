"""Every contrast of every playbook, by winback.measure.statistics: SQL knows no distributions."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.statistics import Plan, contrasts_frame, read_frame

    dbt.config(materialized="table")
    plan = read_frame(dbt.ref("int_experiments__plan"))
    cells = read_frame(dbt.ref("int_experiments__cells"))
    planned = read_frame(dbt.ref("int_experiments__planned"))
    watched = read_frame(dbt.ref("int_experiments__watched"))
    started = read_frame(dbt.ref("int_experiments__started"))
    looks = read_frame(dbt.ref("int_experiments__judged_looks"))
    return contrasts_frame(
        cells, planned, watched, Plan.of(plan.iloc[0]), started=started, looks=looks
    )

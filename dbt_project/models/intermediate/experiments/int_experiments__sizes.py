"""How many customers a playbook's test takes, by winback.measure.power: SQL knows no integrals."""


def model(dbt, session):  # noqa: ARG001 - the signature that dbt calls
    from winback.measure.power import sizes_frame
    from winback.measure.statistics import read_frame

    dbt.config(materialized="table")
    return sizes_frame(read_frame(dbt.ref("int_experiments__starting_points")))

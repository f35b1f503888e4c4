with

dimensions as (

    select * from {{ ref('int_experiments__dimensions') }}

),

dealt_shares as (

    select * from {{ ref('int_experiments__dealt_shares') }}

),

entered as (

    select
        playbook_id,
        dimension,
        dimension_value,
        stratum,
        count(*) as assigned

    from dimensions
    group by playbook_id, dimension, dimension_value, stratum

),

-- A planned cell that nobody was dealt to counts as well, and one that was not planned.
counted as (

    select
        entered.playbook_id,
        entered.dimension,
        entered.dimension_value,
        dealt_shares.arm,
        dealt_shares.variant,
        entered.assigned * dealt_shares.planned_share as expected,
        0 as assigned

    from entered
    inner join dealt_shares
        on
            entered.playbook_id = dealt_shares.playbook_id
            and entered.stratum = dealt_shares.stratum

    union all

    select
        playbook_id,
        dimension,
        dimension_value,
        arm,
        variant,
        cast(0 as double) as expected,
        1 as assigned

    from dimensions

),

final as (

    select
        -- ids
        playbook_id,
        dimension,
        dimension_value,
        arm,
        variant,

        -- numerics
        cast(sum(assigned) as bigint) as assigned,
        cast(round(sum(expected), 6) as double) as expected

    from counted
    group by playbook_id, dimension, dimension_value, arm, variant

)

select * from final

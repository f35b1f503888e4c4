{{ config(materialized='view') }}

with

playbooks as (

    select * from {{ ref('playbooks') }}

),

variants as (

    select * from {{ ref('int_playbooks__variants') }}

),

final as (

    select
        playbook_id,
        'treatment' as arm,
        variant,
        planned_share

    from variants

    union all

    select
        playbook_id,
        'holdout' as arm,
        '' as variant,
        cast(holdout_share as double) as planned_share

    from playbooks
    where holdout_share > 0

)

select * from final

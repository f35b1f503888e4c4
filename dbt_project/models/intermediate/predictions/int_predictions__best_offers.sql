{{ config(materialized='view') }}

with

ranked as (

    select
        *,
        row_number() over (
            partition by f_score
            order by effect desc, offer_id asc
        ) as place

    from {{ ref('int_predictions__offer_effects') }}
    where effect > 0

),

final as (

    select
        -- ids
        offer_id,

        -- numerics
        f_score,
        effect

    from ranked
    where place = 1

)

select * from final

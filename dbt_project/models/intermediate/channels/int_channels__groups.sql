{{ config(materialized='view') }}

with

costs as (

    select * from {{ ref('channel_costs') }}

),

final as (

    select distinct
        channel,
        channel_group

    from costs

)

select * from final

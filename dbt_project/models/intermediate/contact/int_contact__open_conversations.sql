{{ config(materialized='view') }}
{%- set pause_began = dbt.dateadd(
    'hour', '-' ~ var('answer_pause_hours'), as_of()
) -%}

with

conversations as (

    select * from {{ ref('stg_ledger__conversations') }}

),

-- Whatever the as-of of a replay: nobody who waits for an answer now is written to.
final as (

    select
        -- ids
        customer_id,

        -- contact data
        channel_group,
        hidden_address,

        -- facts
        waiting_since is not null as is_waiting

    from conversations
    where
        waiting_since is not null
        or (last_reply_at > {{ pause_began }} and last_reply_at <= {{ as_of() }})

)

select * from final

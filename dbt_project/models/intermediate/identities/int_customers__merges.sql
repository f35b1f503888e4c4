{%- set hops = range(2, var('merge_hops') + 1) -%}

with

merged as (

    select
        customer_id,
        merged_into

    from {{ ref('stg_shop__customers') }}
    where merged_into != customer_id

),

-- An id that was merged into one that was merged again belongs to the last of them.
hop_1 as (

    select
        customer_id,
        merged_into as target_id

    from merged

),

{% for hop in hops -%}
hop_{{ hop }} as (

    select
        hop_{{ hop - 1 }}.customer_id,
        coalesce(merged.merged_into, hop_{{ hop - 1 }}.target_id) as target_id

    from hop_{{ hop - 1 }}
    left join merged
        on hop_{{ hop - 1 }}.target_id = merged.customer_id

),

{% endfor -%}
-- A circle has no end, and a longer line is not followed: nobody takes over from them.
final as (

    select
        hop_{{ var('merge_hops') }}.customer_id,
        case
            when merged.customer_id is null
                then hop_{{ var('merge_hops') }}.target_id
        end as into_customer_id

    from hop_{{ var('merge_hops') }}
    left join merged
        on hop_{{ var('merge_hops') }}.target_id = merged.customer_id

)

select * from final

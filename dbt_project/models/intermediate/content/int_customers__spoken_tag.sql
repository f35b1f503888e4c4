{{ config(materialized='view') }}

with

-- A shop's tags are for itself: only those that read as words are said.
ranked as (

    select
        customer_id,
        tag,
        row_number() over (
            partition by customer_id
            order by tag_rank
        ) as spoken_rank

    from {{ ref('int_customers__tag_affinity') }}
    where
        is_held
        and tag in (
            '{{ var("spoken_tags") | join("', '") }}'  -- noqa: LT05
        )

),

final as (

    select
        customer_id,
        tag

    from ranked
    where spoken_rank = 1

)

select * from final

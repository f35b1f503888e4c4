{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

categories as (

    select * from {{ ref('int_customers__categories') }}

),

reviews as (

    select * from {{ ref('int_content__reviews') }}
    where subject_kind = 'category'

),

held_tags as (

    select * from {{ ref('int_customers__spoken_tag') }}

),

loyalty as (

    select * from {{ ref('stg_shop__loyalty') }}
    where
        points >= {{ var('loyalty_min_points') }}
        and (known_at is null or known_at <= {{ as_of() }})
        and (points_expire_at is null or points_expire_at > {{ as_of() }})

),

joined as (

    select distinct customer_id
    from {{ ref('stg_ledger__series_joins') }}
    where customer_id is not null

),

-- Of several series that are sent, the first.
invitations as (

    select
        series.call_to_action,
        row_number() over (order by playbooks.priority) as series_rank

    from {{ ref('content_series') }} as series
    inner join {{ ref('playbooks') }} as playbooks
        on series.playbook_id = playbooks.playbook_id
    where playbooks.is_enabled

),

final as (

    select
        -- ids
        customers.customer_id,

        -- what others say of the favorite category
        reviews.rating_tenths as category_rating_tenths,
        reviews.review_count as category_review_count,
        reviews.quote as category_quote,
        reviews.quote_product_name as category_quote_product_name,

        -- what the customer holds
        held_tags.tag as held_tag,
        loyalty.points as loyalty_points,
        loyalty.tier as loyalty_tier,
        cast(
            {{ local_date(
                dbt.dateadd('second', -1, 'loyalty.points_expire_at'), shop_zone()
            ) }} as varchar
        ) as loyalty_expires_on,

        -- what the customer could join
        case
            when joined.customer_id is null then invitations.call_to_action
        end as invitation

    from customers
    left join categories
        on customers.customer_id = categories.customer_id
    left join reviews
        on categories.favorite_category = reviews.subject
    left join held_tags
        on customers.customer_id = held_tags.customer_id
    left join loyalty
        on customers.customer_id = loyalty.customer_id
    left join joined
        on customers.customer_id = joined.customer_id
    left join invitations
        on invitations.series_rank = 1

)

select * from final

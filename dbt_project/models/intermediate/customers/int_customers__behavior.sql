{{ config(materialized='view') }}

with

tags as (

    select
        customer_id,
        max(case when tag_rank = 1 then tag end) as top_tag,
        {{ sorted_list('case when is_held then tag end') }} as held_tags

    from {{ ref('int_customers__tag_affinity') }}
    group by customer_id

),

final as (

    select
        -- ids
        customers.customer_id,

        -- what they bought
        products.last_product_id,
        products.last_product_name,
        products.top_product_id,
        products.top_product_name,
        products.top_product_line_count,
        products.favorite_category,
        tags.top_tag,
        tags.held_tags,

        -- what they looked at
        browsing.view_count,
        browsing.viewed_product_count,
        browsing.last_viewed_product_id,
        browsing.last_viewed_product_name,

        -- discounts and refunds, shares from 0 to 1
        spending.discount_order_share,
        spending.discount_share,
        spending.refund_order_share,
        spending.refund_share,

        -- engagement
        engagement.engagement_level,
        engagement.web_engagement_level,
        engagement.email_engagement_level,
        engagement.sms_engagement_level,

        -- channels
        channels.preferred_channel,
        channels.preferred_channel_source,
        channels.channel_order,

        -- why they lapsed
        reasons.lapse_reason,
        reasons.lapse_reason_source,

        -- where they stand in a playbook
        journeys.journey_stage,

        -- seasons
        seasons.season_start_day_of_year,
        seasons.season_order_share,
        seasons.is_in_season,
        seasons.next_season_start,

        -- when they order and answer
        timing.usual_order_hour,
        timing.usual_order_weekday,
        timing.usual_click_hour,
        timing.usual_click_weekday,
        timing.usual_hour,

        -- timestamps
        engagement.last_engaged_at,
        browsing.last_viewed_at

    from {{ ref('int_customers__known') }} as customers
    left join {{ ref('int_customers__products') }} as products
        on customers.customer_id = products.customer_id
    left join tags
        on customers.customer_id = tags.customer_id
    left join {{ ref('int_customers__browsing') }} as browsing
        on customers.customer_id = browsing.customer_id
    left join {{ ref('int_customers__spending') }} as spending
        on customers.customer_id = spending.customer_id
    left join {{ ref('int_customers__engagement') }} as engagement
        on customers.customer_id = engagement.customer_id
    left join {{ ref('int_customers__channels') }} as channels
        on customers.customer_id = channels.customer_id
    left join {{ ref('int_customers__lapse_reason') }} as reasons
        on customers.customer_id = reasons.customer_id
    left join {{ ref('int_customers__journey') }} as journeys
        on customers.customer_id = journeys.customer_id
    left join {{ ref('int_customers__seasons') }} as seasons
        on customers.customer_id = seasons.customer_id
    left join {{ ref('int_customers__timing') }} as timing
        on customers.customer_id = timing.customer_id

)

select * from final

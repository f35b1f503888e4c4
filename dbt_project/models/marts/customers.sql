with

lifecycle as (

    select * from {{ ref('int_customers__lifecycle') }}

),

facts as (

    select * from {{ ref('int_customers__behavior') }}

),

locales as (

    select * from {{ ref('int_customers__locales') }}

),

final as (

    select
        -- ids
        lifecycle.customer_id,
        lifecycle.last_order_id,

        -- place
        lifecycle.country,
        lifecycle.region,

        -- language
        locales.language,
        locales.locale,
        locales.locale_source,

        -- timestamps
        lifecycle.first_order_at,
        lifecycle.last_order_at,
        lifecycle.expected_next_order_date,
        facts.last_engaged_at,
        facts.last_viewed_at,

        -- numerics
        lifecycle.order_count,
        lifecycle.net_revenue_cents,
        lifecycle.average_order_value_cents,
        lifecycle.days_inactive,

        -- facts
        lifecycle.lapse_stage,
        lifecycle.is_lapsed,
        lifecycle.rfm_segment,
        lifecycle.value_tier,

        -- what they bought
        facts.last_product_id,
        facts.last_product_name,
        facts.top_product_id,
        facts.top_product_name,
        facts.top_product_line_count,
        facts.favorite_category,
        facts.top_tag,
        facts.held_tags,

        -- what they looked at
        facts.view_count,
        facts.viewed_product_count,
        facts.last_viewed_product_id,
        facts.last_viewed_product_name,

        -- discounts and refunds, shares from 0 to 1
        facts.discount_order_share,
        facts.discount_share,
        facts.refund_order_share,
        facts.refund_share,

        -- engagement
        facts.engagement_level,
        facts.web_engagement_level,
        facts.email_engagement_level,
        facts.sms_engagement_level,

        -- channels
        facts.preferred_channel,
        facts.preferred_channel_source,
        facts.channel_order,

        -- why they lapsed
        facts.lapse_reason,
        facts.lapse_reason_source,

        -- where they stand in a playbook
        facts.journey_stage,

        -- seasons
        facts.season_start_day_of_year,
        facts.season_order_share,
        facts.is_in_season,
        facts.next_season_start,

        -- when they order and answer
        facts.usual_order_hour,
        facts.usual_order_weekday,
        facts.usual_click_hour,
        facts.usual_click_weekday,
        facts.usual_hour

    from lifecycle
    left join facts
        on lifecycle.customer_id = facts.customer_id
    left join locales
        on lifecycle.customer_id = locales.customer_id

)

select * from final

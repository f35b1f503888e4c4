with

traits as (

    select * from {{ ref('int_customers__traits') }}

),

final as (

    select
        -- ids
        customer_id,
        last_order_id,

        -- place
        country,
        region,

        -- timestamps
        first_order_at,
        last_order_at,
        expected_next_order_date,
        last_engaged_at,
        last_viewed_at,

        -- numerics
        order_count,
        net_revenue_cents,
        average_order_value_cents,
        days_inactive,

        -- facts
        lapse_stage,
        is_lapsed,
        rfm_segment,
        value_tier,

        -- what they bought
        last_product_id,
        last_product_name,
        top_product_id,
        top_product_name,
        top_product_line_count,
        favorite_category,
        top_tag,
        held_tags,

        -- what they looked at
        view_count,
        viewed_product_count,
        last_viewed_product_id,
        last_viewed_product_name,

        -- discounts and refunds, shares from 0 to 1
        discount_order_share,
        discount_share,
        refund_order_share,
        refund_share,

        -- engagement
        engagement_level,
        web_engagement_level,
        email_engagement_level,
        sms_engagement_level,

        -- channels
        preferred_channel,
        preferred_channel_source,
        channel_order,

        -- why they lapsed
        lapse_reason,
        lapse_reason_source,

        -- where they stand in a playbook
        journey_stage,

        -- seasons
        season_start_day_of_year,
        season_order_share,
        is_in_season,
        next_season_start,

        -- when they order and answer
        usual_order_hour,
        usual_order_weekday,
        usual_click_hour,
        usual_click_weekday,
        usual_hour

    from traits

)

select * from final

with

clocks as (

    select * from {{ ref('int_lapse__clocks') }}

),

rhythm as (

    select * from {{ ref('int_customers__rhythm') }}

),

-- No row where the shop has too few repeat gaps to know a rhythm from.
personal as (

    select * from rhythm
    where {{ lapse_preset() }} = 'personal'

),

thresholds as (

    select
        clocks.*,
        personal.lapse_curve,
        personal.lapse_category,
        personal.gap_count,
        personal.median_gap_days,
        personal.expected_gap_days,
        personal.cooling_from_days,
        personal.lapsing_from_days,
        coalesce(
            personal.lapsed_from_days, {{ var('lapse_fixed_from_days') }}
        ) as lapsed_from_days,
        coalesce(
            personal.dormant_from_days,
            {{ var('lapse_fixed_dormant_from_days') }}
        ) as dormant_from_days,
        coalesce(
            personal.lost_from_days, {{ var('lapse_fixed_lost_from_days') }}
        ) as lost_from_days,
        case
            when personal.customer_id is not null then 'personal'
            when {{ lapse_preset() }} = 'personal' then 'fixed_fallback'
            else 'fixed'
        end as lapse_preset

    from clocks
    left join personal
        on clocks.customer_id = personal.customer_id

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        days_inactive,
        cast(days_since_activity as bigint) as days_since_activity,
        expected_gap_days,
        cast(lapsed_from_days as bigint) as lapse_threshold_days,

        -- facts
        case
            when days_since_activity >= lost_from_days then 'lost'
            when days_since_activity >= dormant_from_days then 'dormant'
            when days_since_activity >= lapsed_from_days then 'lapsed'
            when days_since_activity >= lapsing_from_days then 'lapsing'
            when days_since_activity >= cooling_from_days then 'cooling'
            else 'active'
        end as lapse_stage,
        days_since_activity >= lapsed_from_days as is_lapsed,
        lapse_preset,
        {{ lapse_basis() }} as lapse_basis,

        -- what a personal threshold rests on
        lapse_curve,
        lapse_category,
        gap_count,
        median_gap_days,

        -- where the other stages begin
        cooling_from_days,
        lapsing_from_days,
        cast(dormant_from_days as bigint) as dormant_from_days,
        cast(lost_from_days as bigint) as lost_from_days,

        -- dates
        last_activity_date

    from thresholds

)

select * from final

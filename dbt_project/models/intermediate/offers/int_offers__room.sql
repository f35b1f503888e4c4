with

offers as (

    select * from {{ ref('offers') }}

),

told as (

    select
        offer_id,
        count(*) as told_count,
        count(
            case when {{ shop_month('told_at') }} = {{ shop_month(as_of()) }} then 1 end
        ) as month_count

    from {{ ref('int_offers__told') }}
    where is_first
    group by offer_id

),

savings as (

    select * from {{ ref('int_offers__savings') }}
    where {{ shop_month('redeemed_at') }} = {{ shop_month(as_of()) }}

),

spent as (

    select
        offer_id,
        sum(saved_cents) as spent_cents

    from savings
    group by offer_id

),

left_over as (

    select
        offers.offer_id,
        offers.max_codes - coalesce(told.told_count, 0) as left_ever,
        offers.max_codes_month - coalesce(told.month_count, 0) as left_this_month,
        case
            when offers.budget_cents_month <= coalesce(spent.spent_cents, 0) then 0
        end as left_of_budget

    from offers
    left join told
        on offers.offer_id = told.offer_id
    left join spent
        on offers.offer_id = spent.offer_id

),

limits as (

    select
        offer_id,
        left_ever as room
    from left_over
    union all
    select
        offer_id,
        left_this_month as room
    from left_over
    union all
    select
        offer_id,
        left_of_budget as room
    from left_over

),

final as (

    select
        offer_id,
        greatest(min(room), 0) as room

    from limits
    where room is not null
    group by offer_id

)

select * from final

with

dealt as (

    select * from {{ ref('int_bandit__dealt') }}

),

orders as (

    select * from {{ ref('int_enrollments__orders') }}

),

valid as (

    select * from {{ ref('int_orders__valid') }}

),

savings as (

    select * from {{ ref('int_offers__savings') }}

),

arms as (

    select * from {{ ref('int_bandit__arms') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}
    where
        origin = 'ledger'
        and has_left

),

answers as (

    select * from {{ ref('int_messages__events') }}

),

-- A sale before what the customer's code took off; an arm's offer may cost more than that.
responses as (

    select
        dealt.enrollment_id,
        dealt.step,
        sum(
            valid.net_revenue_cents
            + coalesce(savings.saved_cents, valid.discount_cents)
        ) as gross_cents,
        sum(
            coalesce(savings.saved_cents, valid.discount_cents)
            + case
                when savings.offer_id = dealt.offer_id
                    then coalesce(arms.offer_cost_cents, 0)
                else 0
            end
        ) as discount_cents

    from dealt
    inner join orders
        on
            dealt.enrollment_id = orders.enrollment_id
            and dealt.chosen_at < orders.ordered_at
            and dealt.window_ends_at >= orders.ordered_at
    inner join valid
        on orders.order_id = valid.order_id
    left join savings
        on valid.order_id = savings.order_id
    left join arms
        on
            dealt.playbook_id = arms.playbook_id
            and dealt.step = arms.step
            and dealt.arm = arms.arm
    group by
        dealt.enrollment_id,
        dealt.step

),

effects as (

    select
        messages.enrollment_id,
        messages.step,
        sum(coalesce(messages.cost_cents, 0)) as cost_cents,
        count(answers.opted_out_at) > 0 as has_opted_out,
        count(answers.complained_at) > 0 as has_complained

    from messages
    left join answers
        on messages.message_id = answers.message_id
    group by
        messages.enrollment_id,
        messages.step

),

final as (

    select
        -- ids
        dealt.enrollment_id,
        dealt.playbook_id,
        dealt.step,
        dealt.customer_id,
        dealt.move_id,

        -- facts
        dealt.arm,
        dealt.dealt_by,
        dealt.propensity,
        dealt.barred_arms = '' as is_comparable,
        dealt.window_ends_at <= {{ as_of() }} as is_mature,
        responses.enrollment_id is not null as has_responded,
        effects.enrollment_id is not null as is_reached,
        coalesce(effects.has_opted_out, false) as has_opted_out,
        coalesce(effects.has_complained, false) as has_complained,

        -- money
        coalesce(responses.gross_cents, 0) as gross_cents,
        coalesce(responses.discount_cents, 0) as discount_cents,
        coalesce(effects.cost_cents, 0) as cost_cents,

        -- timestamps
        dealt.chosen_at,
        dealt.window_ends_at,
        {{ local_date('dealt.chosen_at', shop_zone()) }} as chosen_on

    from dealt
    left join responses
        on
            dealt.enrollment_id = responses.enrollment_id
            and dealt.step = responses.step
    left join effects
        on
            dealt.enrollment_id = effects.enrollment_id
            and dealt.step = effects.step

)

select * from final

with

messages as (

    select
        *,
        coalesce(left_at, planned_at) as told_at

    from {{ ref('int_messages__all') }}
    where
        origin = 'ledger'
        and purpose = 'campaign'
        and (has_left or not is_settled)

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

offers as (

    select * from {{ ref('offers') }}

),

-- A message keeps which offer it makes; of one that an earlier version wrote its step and its
-- enrollment say it.
both_ways as (

    select
        messages.message_id,
        messages.enrollment_id,
        messages.customer_id,
        messages.told_at,
        case
            when messages.offer_id is not null then messages.offer_id
            when steps.includes_offer then enrollments.offer_id
        end as offer_id,
        case
            when messages.offer_id is not null then messages.offer_expires_at
            else enrollments.offer_expires_at
        end as offer_expires_at,
        0 as is_extra

    from messages
    inner join enrollments
        on messages.enrollment_id = enrollments.enrollment_id
    left join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step

    union all

    select
        messages.message_id,
        messages.enrollment_id,
        messages.customer_id,
        messages.told_at,
        steps.extra_offer_id as offer_id,
        cast(null as {{ timestamptz_type() }}) as offer_expires_at,
        1 as is_extra

    from messages
    inner join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step

),

named as (

    select
        message_id,
        enrollment_id,
        customer_id,
        told_at,
        offer_id,
        max(offer_expires_at) as offer_expires_at,
        min(is_extra) = 1 as is_extra

    from both_ways
    where offer_id != ''
    group by message_id, enrollment_id, customer_id, told_at, offer_id

),

valued as (

    select
        named.*,
        {{ days_after('offers.validity_days', 'named.told_at') }} as holds_until

    from named
    inner join offers
        on named.offer_id = offers.offer_id

),

-- A reminder, and what keeps a promise of an earlier message, gives nothing more away.
final as (

    select
        *,
        coalesce(
            told_at > lag(holds_until) over (
                partition by customer_id, offer_id
                order by told_at, message_id
            ),
            true
        ) as is_first

    from valued

)

select * from final

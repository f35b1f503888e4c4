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

named as (

    select
        messages.message_id,
        messages.enrollment_id,
        messages.customer_id,
        messages.told_at,
        enrollments.offer_id

    from messages
    inner join enrollments
        on messages.enrollment_id = enrollments.enrollment_id
    inner join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step
    where steps.includes_offer

    union distinct

    select
        messages.message_id,
        messages.enrollment_id,
        messages.customer_id,
        messages.told_at,
        steps.extra_offer_id as offer_id

    from messages
    inner join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step

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

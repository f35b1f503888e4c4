with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where
        origin = 'ledger'
        and arm = 'treatment'

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}
    where extra_offer_id is not null

),

choices as (

    select * from {{ ref('int_bandit__dealt') }}
    where offer_id != 'none'

),

-- An offer is dealt at entry, by a step that learns, or carried by a step of the playbook alone.
all_ways as (

    select
        enrollment_id,
        customer_id,
        offer_id,
        entered_at,
        offer_expires_at

    from enrollments
    where offer_id is not null

    union all

    select
        enrollments.enrollment_id,
        enrollments.customer_id,
        choices.offer_id,
        choices.chosen_at as entered_at,
        choices.offer_expires_at

    from enrollments
    inner join choices
        on enrollments.enrollment_id = choices.enrollment_id

    union all

    select
        enrollments.enrollment_id,
        enrollments.customer_id,
        steps.extra_offer_id as offer_id,
        enrollments.entered_at,
        cast(null as {{ timestamptz_type() }}) as offer_expires_at

    from enrollments
    inner join steps
        on enrollments.playbook_id = steps.playbook_id

),

final as (

    select
        enrollment_id,
        customer_id,
        offer_id,
        max(offer_expires_at) as offer_expires_at,
        min(entered_at) as entered_at

    from all_ways
    group by enrollment_id, customer_id, offer_id

)

select * from final

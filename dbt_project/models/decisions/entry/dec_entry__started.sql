with

known as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

entrants as (

    select * from {{ ref('dec_entry__entrants') }}

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

-- A run decides for those who enter in it before the ledger knows them.
started as (

    select
        enrollment_id,
        playbook_id,
        customer_id,
        episode_order_id,
        offer_id,
        segment,
        arm,
        variant,
        entered_at,
        offer_expires_at

    from known

    union all

    select
        entrants.enrollment_id,
        entrants.playbook_id,
        entrants.customer_id,
        entrants.episode_order_id,
        entrants.offer_id,
        entrants.segment,
        entrants.arm,
        entrants.variant,
        entrants.entered_at,
        entrants.offer_expires_at

    from entrants
    left join known
        on entrants.enrollment_id = known.enrollment_id
    where
        {{ var('with_entrants') | string | lower }}
        and known.enrollment_id is null

),

final as (

    select
        -- ids
        started.enrollment_id,
        started.playbook_id,
        started.customer_id,
        started.episode_order_id,
        started.offer_id,

        -- facts
        started.segment,
        started.arm,
        started.variant,
        exits.exit_reason,

        -- timestamps
        started.entered_at,
        started.offer_expires_at,
        exits.purchased_at,
        exits.exited_at

    from started
    left join exits
        on started.enrollment_id = exits.enrollment_id

)

select * from final

with

ledger_messages as (

    select * from {{ ref('int_messages__ledger') }}

),

charged as (

    select * from {{ ref('int_messages__charged') }}

),

past_messages as (

    select * from {{ ref('stg_shop__past_messages') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

-- A past message belongs to the last enrollment that its customer had then.
past_matches as (

    select
        past_messages.*,
        enrollments.enrollment_id,
        row_number() over (
            partition by past_messages.message_id
            order by enrollments.entered_at desc, enrollments.enrollment_id asc
        ) as match_rank

    from past_messages
    left join enrollments
        on
            past_messages.playbook_id = enrollments.playbook_id
            and past_messages.customer_id = enrollments.customer_id
            and past_messages.sent_at >= enrollments.entered_at
            and enrollments.origin = 'past'
    where past_messages.sent_at <= {{ as_of() }}

),

messages as (

    select
        message_id,
        enrollment_id,
        playbook_id,
        customer_id,
        'ledger' as origin,
        step,
        channel,
        variant,
        purpose,
        written_by,
        cap_scope,
        offer_id,
        offer_expires_at,
        state,
        state_reason,
        cost_cents as planned_cost_cents,
        planned_at,
        not_before,
        accepted_at,
        coalesce(accepted_at, updated_at) as last_held_at

    from ledger_messages

    union all

    select
        message_id,
        enrollment_id,
        playbook_id,
        customer_id,
        'past' as origin,
        case
            when {{ matches('step', '^[0-9]{1,9}$') }}
                then cast(step as bigint)
        end as step,
        channel,
        variant,
        'campaign' as purpose,
        'template' as written_by,
        cast(null as varchar) as cap_scope,
        cast(null as varchar) as offer_id,
        cast(null as {{ timestamptz_type() }}) as offer_expires_at,
        'accepted' as state,
        cast(null as varchar) as state_reason,
        cast(null as decimal(12, 4)) as planned_cost_cents,
        sent_at as planned_at,
        sent_at as not_before,
        sent_at as accepted_at,
        sent_at as last_held_at

    from past_matches
    where match_rank = 1

),

priced as (

    select
        messages.*,
        charged.actual_cost_cents,
        coalesce(charged.actual_cost_cents, messages.planned_cost_cents)
            as cost_cents

    from messages
    left join charged
        on messages.message_id = charged.message_id

),

final as (

    select
        *,
        state in ('sending', 'unknown', 'unknown_final', 'accepted') as has_left,
        state not in ('planned', 'claimed', 'deferred') as is_settled,
        -- A message of unknown fate counts from when it was to go out.
        case
            when state = 'accepted' then accepted_at
            when state in ('sending', 'unknown', 'unknown_final')
                then coalesce(not_before, planned_at)
        end as left_at

    from priced

)

select * from final

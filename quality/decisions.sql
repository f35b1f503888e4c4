-- What a run is about to send. One row a rule: rule, figure, allowed, examples.
-- Parameter: $as_of.
with

sends as (

    select * from warehouse.send_decisions where decision = 'send'

),

-- A content series has a consent and caps of its own.
scoped_sends as (

    select
        sends.*,
        playbooks.series_id,
        enrollments.episode_order_id
    from sends
    left join warehouse.int_playbooks__entry as playbooks
        on sends.playbook_id = playbooks.playbook_id
    left join warehouse.enrollments as enrollments
        on
            sends.enrollment_id = enrollments.enrollment_id
            and sends.playbook_id = enrollments.playbook_id
            and enrollments.origin = 'ledger'

),

addressed_sends as (

    select
        sends.*,
        outbox.address
    from sends
    left join warehouse.outbox
        on
            sends.enrollment_id = outbox.enrollment_id
            and sends.step = outbox.step
            and outbox.action = 'plan'

),

findings as (

    select
        'decisions_made_twice' as rule,
        enrollment_id as id
    from warehouse.send_decisions
    group by enrollment_id, step
    having count(*) > 1

    union all

    select
        'due_steps_without_a_decision',
        steps.enrollment_id
    from warehouse.dec_steps__states as steps
    left join warehouse.send_decisions as decisions
        on
            steps.enrollment_id = decisions.enrollment_id
            and steps.step = decisions.step
    where
        steps.is_due
        and not steps.has_message
        and not steps.is_passed
        and steps.expires_at > cast($as_of as timestamptz)
        and decisions.decision is null

    union all

    select
        'sends_with_a_failed_rule',
        enrollment_id
    from sends
    where coalesce(blocked_by, 'null') <> ''

    union all

    select
        'sends_to_the_holdout',
        enrollment_id
    from sends
    where arm is distinct from 'treatment'

    union all

    select
        'sends_outside_their_window',
        enrollment_id
    from sends
    where
        not coalesce(
            cast($as_of as timestamptz) >= send_after_at
            and cast($as_of as timestamptz) < expires_at,
            false
        )

    union all

    select
        'sends_to_the_ineligible',
        sends.enrollment_id
    from scoped_sends as sends
    left join warehouse.channel_eligibility as eligibility
        on
            sends.customer_id = eligibility.customer_id
            and sends.channel = eligibility.channel
    left join warehouse.series_eligibility as of_series
        on
            sends.episode_order_id = of_series.join_id
            and sends.series_id = of_series.series_id
            and sends.channel = of_series.channel
    where
        not coalesce(
            case
                when sends.series_id is null then eligibility.is_eligible
                else of_series.is_eligible
            end,
            false
        )

    union all

    select
        'sends_without_an_address',
        enrollment_id
    from addressed_sends
    where coalesce(address, '') = ''

    union all

    select
        'people_with_two_sends',
        customer_id
    from scoped_sends
    group by customer_id, series_id
    having count(*) > 1

    union all

    select
        'addresses_with_two_sends',
        min(enrollment_id)
    from addressed_sends
    where address is not null
    group by playbook_id, step, address
    having count(*) > 1

    union all

    -- A playbook that runs beside another is meant to; one that no seed knows is not.
    select
        'people_in_two_playbooks',
        enrollments.customer_id
    from warehouse.enrollments as enrollments
    left join warehouse.int_playbooks__entry as playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    where
        enrollments.exited_at is null
        and enrollments.origin = 'ledger'
        and not coalesce(playbooks.runs_beside, false)
    group by enrollments.customer_id
    having count(distinct enrollments.playbook_id) > 1

),

law as (

    select
        'consent_rules' as seed,
        reviewed_on
    from warehouse.consent_rules

    union all

    select
        'contact_caps',
        reviewed_on
    from warehouse.contact_caps

    union all

    select
        'contact_rules',
        reviewed_on
    from warehouse.contact_rules

    union all

    select
        'legal_windows',
        reviewed_on
    from warehouse.legal_windows

    union all

    select
        'unreached_numbers',
        reviewed_on
    from warehouse.unreached_numbers

),

-- Law changes: half a year after somebody last looked, somebody should look again.
stale_law as (

    select
        seed,
        count(*) as row_count
    from law
    where coalesce(reviewed_on < cast(cast($as_of as timestamptz) as date) - 180, true)
    group by seed

),

-- Of no matter where the shop writes in one language alone.
unread_languages as (

    select customer_id from warehouse.int_customers__locales
    where
        is_language_unread
        and (select count(distinct locale) > 1 from warehouse.int_customers__locales)

),

complaints as (

    select * from warehouse.int_contact__complaints where is_warned

)

select
    rule,
    cast(count(*) as double) as figure,
    0.0 as allowed,
    array_to_string(list_sort(list(distinct id))[1:5], ', ') as examples
from findings
group by rule

union all

select
    'law_not_reviewed_lately',
    sum(row_count),
    0,
    string_agg(seed || ' ' || row_count, ', ' order by seed)
from stale_law

union all

select
    'channels_with_complaints',
    count(*),
    0,
    string_agg(channel || ' ' || complained_count || ' of ' || delivered_count, ', ')
from complaints

union all

select
    'customers_whose_language_is_unread',
    count(*),
    0,
    (
        select string_agg(customer_id, ', ')
        from (from unread_languages order by customer_id limit 5)
    )
from unread_languages

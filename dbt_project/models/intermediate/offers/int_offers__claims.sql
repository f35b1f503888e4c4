with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where
        origin = 'ledger'
        and arm = 'treatment'

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

-- What another variant would have dealt is not theirs.
playbook_offers as (

    select * from {{ ref('int_playbooks__offers') }}
    where dealt_by != 'variant'

),

last_days as (

    select
        playbook_id,
        max(latest_day) as latest_day

    from {{ ref('int_playbooks__step_days') }}
    group by playbook_id

),

told as (

    select distinct
        enrollment_id,
        offer_id

    from {{ ref('int_offers__told') }}

),

promises as (

    select * from {{ ref('int_offers__promises') }}

),

-- The offer of an arm stands in the place of that of the entry.
choices as (

    select distinct
        enrollment_id,
        offer_id

    from {{ ref('int_bandit__dealt') }}
    where offer_id != 'none'

),

both_ways as (

    select
        enrollments.*,
        coalesce(playbook_offers.offer_id, enrollments.offer_id)
            as claimed_offer_id,
        playbook_offers.latest_day

    from enrollments
    inner join playbook_offers
        on enrollments.playbook_id = playbook_offers.playbook_id
    -- One equality: with a second condition, each row would be tried with each.
    left join choices
        on
            case
                when playbook_offers.dealt_by = 'dealt'
                    then enrollments.enrollment_id
            end = choices.enrollment_id
    where choices.enrollment_id is null

    union all

    select
        enrollments.*,
        choices.offer_id as claimed_offer_id,
        last_days.latest_day

    from enrollments
    inner join choices
        on enrollments.enrollment_id = choices.enrollment_id
    inner join last_days
        on enrollments.playbook_id = last_days.playbook_id

),

-- A step's range ends with a local day, so two days are added.
under_way as (

    select
        both_ways.enrollment_id,
        both_ways.customer_id,
        both_ways.claimed_offer_id as offer_id

    from both_ways
    left join exits
        on both_ways.enrollment_id = exits.enrollment_id
    where
        both_ways.claimed_offer_id is not null
        and exits.enrollment_id is null
        and {{ days_after('both_ways.latest_day + 2', 'both_ways.entered_at') }}
        > {{ as_of() }}

),

final as (

    select distinct
        under_way.enrollment_id,
        under_way.offer_id

    from under_way
    left join told
        on
            under_way.enrollment_id = told.enrollment_id
            and under_way.offer_id = told.offer_id
    left join promises
        on
            under_way.customer_id = promises.customer_id
            and under_way.offer_id = promises.offer_id
    where
        told.enrollment_id is null
        and promises.customer_id is null

)

select * from final

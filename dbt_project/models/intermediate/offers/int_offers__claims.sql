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

told as (

    select distinct
        enrollment_id,
        offer_id

    from {{ ref('int_offers__told') }}

),

-- A step's range ends with a local day, so two days are added.
under_way as (

    select
        enrollments.enrollment_id,
        enrollments.customer_id,
        coalesce(playbook_offers.offer_id, enrollments.offer_id) as offer_id

    from enrollments
    inner join playbook_offers
        on enrollments.playbook_id = playbook_offers.playbook_id
    left join exits
        on enrollments.enrollment_id = exits.enrollment_id
    where
        exits.enrollment_id is null
        and {{ days_after('playbook_offers.latest_day + 2', 'enrollments.entered_at') }}
        > {{ as_of() }}

),

promises as (

    select * from {{ ref('int_offers__promises') }}

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
        under_way.offer_id is not null
        and told.enrollment_id is null
        and promises.customer_id is null

)

select * from final

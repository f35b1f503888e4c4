with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

-- From the first time that a playbook with a holdout picked them, people are followed as
-- people, whatever else picks them later.
ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by entered_at, enrollment_id
        ) as entry_rank

    from enrollments
    where global_holdout_share > 0

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        global_holdout_share,
        {{ global_hash('customer_id') }} < global_holdout_share as is_left_alone,

        -- timestamps
        entered_at

    from ranked
    where entry_rank = 1

)

select * from final

with

lapsed_since as (

    select * from {{ ref('int_enrollments__lapsed_since') }}

),

orders as (

    select * from {{ ref('int_orders__placed') }}

),

losses as (

    select * from {{ ref('int_enrollments__losses') }}

),

-- What a run once saw end stays ended, whatever becomes of the order since.
ends as (

    select * from {{ ref('stg_ledger__enrollment_ends') }}
    where ended_at <= {{ as_of() }}

),

purchases as (

    select
        lapsed_since.enrollment_id,
        greatest(min(orders.ordered_at), lapsed_since.entered_at)
            as purchased_at

    from lapsed_since
    inner join orders
        on
            lapsed_since.customer_id = orders.customer_id
            and lapsed_since.lapsed_since_at < orders.ordered_at
    group by lapsed_since.enrollment_id, lapsed_since.entered_at

),

known as (

    select
        enrollment_id,
        exit_reason,
        ended_at as exited_at,
        0 as precedence

    from ends

    union all

    select
        enrollment_id,
        'purchase' as exit_reason,
        purchased_at as exited_at,
        1 as precedence

    from purchases

    union all

    select
        enrollment_id,
        exit_reason,
        exited_at,
        2 as precedence

    from losses

),

-- A purchase says most, also after another end; else what was recorded first holds.
ranked as (

    select
        *,
        row_number() over (
            partition by enrollment_id
            order by
                case when exit_reason = 'purchase' then 0 else 1 end,
                precedence
        ) as exit_rank,
        max(case when precedence = 0 then 1 else 0 end)
            over (partition by enrollment_id) as recorded_count

    from known

),

final as (

    select
        -- ids
        enrollment_id,

        -- facts
        exit_reason,
        recorded_count = 1 as is_recorded,

        -- timestamps
        exited_at,
        case when exit_reason = 'purchase' then exited_at end as purchased_at

    from ranked
    where exit_rank = 1

)

select * from final

with

enrollments as (

    select * from {{ ref('stg_ledger__enrollments') }}

),

final as (

    select
        coalesce(
            min({{ local_date('entered_at', shop_zone()) }}),
            {{ as_of_date() }}
        ) as launch_date

    from enrollments
    where entered_at <= {{ as_of() }}

)

select * from final

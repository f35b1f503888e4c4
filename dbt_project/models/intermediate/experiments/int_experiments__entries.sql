with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

dated as (

    select
        playbook_id,
        {{ local_date('entered_at', shop_zone()) }} as entered_date

    from enrollments

),

final as (

    select
        -- ids
        playbook_id,

        -- numerics
        cast(count(*) as bigint) as entered,
        -- Four weeks have each weekday as often.
        cast(
            sum(
                case
                    when
                        entered_date
                        > {{ dbt.dateadd('day', -28, as_of_date()) }}
                        then 1
                    else 0
                end
            ) as double
        ) / least(
            28,
            1 + {{ dbt.datediff('min(entered_date)', as_of_date(), 'day') }}
        ) as entries_a_day

    from dated
    group by playbook_id

)

select * from final

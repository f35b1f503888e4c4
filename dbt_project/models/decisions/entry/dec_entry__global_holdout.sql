with

customers as (

    select * from {{ ref('int_customers__known') }}

),

final as (

    select
        cast(
            case
                when count(*) >= {{ var('global_holdout_min_customers') }}
                    then {{ var('global_holdout_share') }}
                else 0
            end as double
        ) as share

    from customers

)

select * from final

with

checks as (

    select * from {{ ref('int_experiments__checks') }}

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(dimension as varchar) as dimension,
        cast(dimension_value as varchar) as dimension_value,

        -- numerics
        cast(n_treatment as bigint) as n_treatment,
        cast(n_holdout as bigint) as n_holdout,
        cast(expected_treatment as double) as expected_treatment,
        cast(expected_holdout as double) as expected_holdout,
        cast(srm_p_value as double) as srm_p_value,
        cast(holm_p_value as double) as holm_p_value,

        -- facts
        cast(is_off as boolean) as is_off

    from checks

)

select * from final

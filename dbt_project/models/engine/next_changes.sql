with

moments as (

    select * from {{ ref('int_changes__told') }}
    union all
    select * from {{ ref('int_changes__spans') }}
    union all
    select * from {{ ref('dec_changes__steps') }}
    union all
    select * from {{ ref('dec_changes__segments') }}

),

final as (

    select
        -- facts
        cast(hangs_on as varchar) as hangs_on,
        cast(what as varchar) as what,

        -- timestamps
        min(changes_at) as changes_at

    from moments
    group by
        hangs_on,
        what

)

select * from final

with

set_days as (

    select * from {{ ref('int_windows__set_days') }}

),

set_zones as (

    select * from {{ ref('int_windows__set_zones') }}

),

{{ common_windows('set_days', 'opens_minute', 'closes_minute') }},

upcoming as (

    select
        *,
        row_number() over (
            partition by channel_group, places, zones
            order by opens_at
        ) as window_rank

    from common_windows
    where closes_at > {{ as_of() }}

),

final as (

    select
        -- ids
        channel_group,
        places,
        zones,

        -- timestamps
        opens_at,
        closes_at,

        -- minutes of the local day
        cast(opens_minute as bigint) as opens_minute,
        cast(closes_minute as bigint) as closes_minute

    from upcoming
    where window_rank = 1

)

select * from final

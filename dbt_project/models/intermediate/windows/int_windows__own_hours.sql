with

place_days as (

    select * from {{ ref('int_windows__place_days') }}

),

contact_windows as (

    select * from {{ ref('contact_windows') }}

),

final as (

    select
        -- ids
        place_days.channel_group,
        place_days.place,
        place_days.local_day,

        -- minutes of the local day
        max(contact_windows.opens_minute) as opens_minute,
        min(contact_windows.closes_minute) as closes_minute

    from place_days
    inner join contact_windows
        on
            place_days.channel_group = contact_windows.channel_group
            and place_days.own_country = contact_windows.country
            and place_days.iso_weekday >= contact_windows.first_weekday
            and place_days.iso_weekday <= contact_windows.last_weekday
    group by
        place_days.channel_group,
        place_days.place,
        place_days.local_day

)

select * from final

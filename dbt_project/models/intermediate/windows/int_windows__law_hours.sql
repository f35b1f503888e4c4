with

place_days as (

    select * from {{ ref('int_windows__place_days') }}

),

legal_windows as (

    select * from {{ ref('legal_windows') }}

),

holidays as (

    select * from {{ ref('holidays') }}

),

-- Whoever may be anywhere in a country is held to the law of all its regions.
law_days as (

    select
        place_days.channel_group,
        place_days.place,
        place_days.country,
        place_days.local_day,
        legal_windows.region as law_region,
        legal_windows.is_for_holidays,
        legal_windows.opens_minute,
        legal_windows.closes_minute

    from place_days
    inner join legal_windows
        on
            place_days.channel_group = legal_windows.channel_group
            and place_days.law_country = legal_windows.country
            and place_days.iso_weekday >= legal_windows.first_weekday
            and place_days.iso_weekday <= legal_windows.last_weekday
    where
        (
            legal_windows.region in ('*', place_days.region)
            or place_days.region = '*'
        )
        and (
            legal_windows.effective_from is null
            or legal_windows.effective_from <= place_days.local_day
        )

),

-- Outside these days nobody knows: then every day counts as a holiday.
known_holidays as (

    select
        country,
        min(holiday_on) as first_day,
        max(holiday_on) as last_day

    from holidays
    group by country

),

final as (

    select
        -- ids
        law_days.channel_group,
        law_days.place,
        law_days.local_day,

        -- minutes of the local day
        max(law_days.opens_minute) as opens_minute,
        min(law_days.closes_minute) as closes_minute

    from law_days
    left join known_holidays
        on law_days.country = known_holidays.country
    left join holidays
        on
            law_days.country = holidays.country
            and law_days.local_day = holidays.holiday_on
            and holidays.region in ('*', law_days.law_region)
    where
        not law_days.is_for_holidays
        or holidays.holiday_on is not null
        or not coalesce(
            law_days.local_day >= known_holidays.first_day
            and law_days.local_day <= known_holidays.last_day,
            false
        )
    group by
        law_days.channel_group,
        law_days.place,
        law_days.local_day

)

select * from final

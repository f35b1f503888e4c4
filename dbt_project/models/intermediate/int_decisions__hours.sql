with

customer_places as (

    select * from {{ ref('int_customers__places') }}

),

contact_windows as (

    select * from {{ ref('contact_windows') }}

),

legal_windows as (

    select * from {{ ref('legal_windows') }}

),

holidays as (

    select * from {{ ref('holidays') }}

),

-- From the day before yesterday, which may still be yesterday somewhere.
local_days as (

    {% for offset in range(-2, var('window_horizon_days') + 2) %}
    select
        cast(
            {{ dbt.dateadd('day', offset, local_date(as_of(), "'UTC'")) }}
            as date
        ) as local_day
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

channel_groups as (

    select distinct channel_group from contact_windows

),

places as (

    select distinct
        place,
        country,
        region

    from customer_places

    union all

    select
        '*' as place,
        '*' as country,
        '*' as region

),

-- A country without rows of its own has those of `*`.
own_countries as (

    select distinct
        channel_group,
        country

    from contact_windows

),

-- Before its law was in force, a country has that of `*` too.
law_countries as (

    select
        channel_group,
        country,
        min(coalesce(effective_from, cast('0001-01-01' as date)))
            as in_force_from

    from legal_windows
    where region = '*'
    group by channel_group, country

),

place_days as (

    select
        channel_groups.channel_group,
        places.place,
        places.country,
        places.region,
        local_days.local_day,
        {{ iso_weekday('local_days.local_day') }} as iso_weekday,
        coalesce(own_countries.country, '*') as own_country,
        coalesce(law_countries.country, '*') as law_country

    from channel_groups
    cross join places
    cross join local_days
    left join own_countries
        on
            channel_groups.channel_group = own_countries.channel_group
            and places.country = own_countries.country
    left join law_countries
        on
            channel_groups.channel_group = law_countries.channel_group
            and places.country = law_countries.country
            and local_days.local_day >= law_countries.in_force_from

),

own_hours as (

    select
        place_days.channel_group,
        place_days.place,
        place_days.local_day,
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

law_hours as (

    select
        law_days.channel_group,
        law_days.place,
        law_days.local_day,
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

),

-- Fail closed: a day without hours of ours, or without any law, is closed.
both_hours as (

    select
        own_hours.channel_group,
        own_hours.place,
        own_hours.local_day,
        greatest(own_hours.opens_minute, law_hours.opens_minute)
            as opens_minute,
        least(own_hours.closes_minute, law_hours.closes_minute)
            as closes_minute

    from own_hours
    inner join law_hours
        on
            own_hours.channel_group = law_hours.channel_group
            and own_hours.place = law_hours.place
            and own_hours.local_day = law_hours.local_day

),

final as (

    select
        -- ids
        channel_group,
        place,
        local_day,

        -- minutes of the local day
        cast(opens_minute as bigint) as opens_minute,
        cast(closes_minute as bigint) as closes_minute

    from both_hours
    where opens_minute < closes_minute

)

select * from final

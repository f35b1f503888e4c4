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
    {% if 'direct_mail' not in known_channels() -%}
    where channel_group != 'post'
    {%- endif %}

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

final as (

    select
        -- ids
        channel_groups.channel_group,
        places.place,
        local_days.local_day,

        -- facts
        places.country,
        places.region,
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

)

select * from final

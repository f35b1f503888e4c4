{%- set ranks = range(1, known_channels() | length + 1) -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
customers as (

    select * from {{ ref('int_customers__known') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

consent_channels as (

    select * from {{ ref('consent_channels') }}

),

responses as (

    select * from {{ ref('int_customers__channel_responses') }}

),

-- A few messages prove little: the share grows with what was answered, and one
-- answer to one message does not beat five to ten.
observed as (

    select
        customer_id,
        channel,
        cast(answered_count as double)
        / (message_count + {{ var('channel_prior_messages') }}) as score

    from responses

),

stated as (

    select
        customers.customer_id,
        consent_channels.channel

    from customers
    inner join consent_channels
        on customers.preferred_channel = consent_channels.consent_channel
    where consent_channels.is_granted

),

situated as (

    select
        contact_points.customer_id,
        contact_points.channel,
        coalesce(observed.score, 0) as score,
        case when stated.channel is null then 0 else 1 end as is_stated,
        case when contact_points.address is null then 0 else 1 end
            as has_address,
        case contact_points.channel
            {% for channel in var('channel_order') -%}
            when '{{ channel }}' then {{ loop.index }}
            {% endfor %}
        end as default_rank

    from contact_points
    left join observed
        on
            contact_points.customer_id = observed.customer_id
            and contact_points.channel = observed.channel
    left join stated
        on
            contact_points.customer_id = stated.customer_id
            and contact_points.channel = stated.channel

),

-- A channel that nothing speaks for is none of theirs.
ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                is_stated desc,
                score desc,
                has_address desc,
                default_rank asc,
                channel asc
        ) as channel_rank

    from situated
    where
        score > 0
        or is_stated = 1
        or has_address = 1

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        max(case when channel_rank = 1 then channel end) as preferred_channel,
        max(
            case
                when channel_rank > 1 then null
                when is_stated = 1 then 'stated'
                when score > 0 then 'observed'
                else 'default'
            end
        ) as preferred_channel_source,
        concat_ws(
            ',',
            {% for rank in ranks -%}
            max(case when channel_rank = {{ rank }} then channel end)
            {{- ',' if not loop.last }}
            {% endfor %}
        ) as channel_order

    from ranked
    group by customer_id

)

select * from final

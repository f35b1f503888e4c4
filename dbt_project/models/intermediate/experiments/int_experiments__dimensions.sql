{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

customers as (

    select * from {{ ref('int_customers__known') }}

),

mailbox_providers as (

    select * from {{ ref('mailbox_providers') }}

),

described as (

    select
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.arm,
        enrollments.variant,
        enrollments.segment,
        customers.country,
        coalesce(enrollments.planned_shares, '') as stratum,
        {{ local_date('enrollments.entered_at', shop_zone()) }} as entered_date,
        case
            when customers.email is not null
                then coalesce(mailbox_providers.mailbox_provider, 'other')
        end as mailbox_provider

    from enrollments
    left join customers
        on enrollments.customer_id = customers.customer_id
    left join mailbox_providers
        on
            {{ dbt.split_part('lower(customers.email)', "'@'", 2) }}
            = mailbox_providers.domain

),

dimensions as (

    {% for dimension, value in {
        'day': 'entered_date',
        'week': "cast(" ~ dbt.date_trunc('week', 'entered_date') ~ " as date)",
        'segment': 'segment',
        'country': 'country',
        'mailbox provider': 'mailbox_provider',
    }.items() %}
    select
        enrollment_id,
        playbook_id,
        stratum,
        arm,
        variant,
        '{{ dimension }}' as dimension,
        cast({{ value }} as varchar) as dimension_value

    from described
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

-- What is not known of a customer may have become so by a message: whoever asks to be
-- erased has no address any more.
final as (

    select * from dimensions
    where dimension_value is not null

)

select * from final

{#-
    The names come from the files in models/segments: a new file is a new
    segment.
-#}
with

members as (

    {% for segment in var('segments') %}
    select
        '{{ segment }}' as segment,
        cast(customer_id as varchar) as customer_id

    from {{ ref(segment) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

-- A segment is a set: a join that repeats a customer must not repeat a message.
final as (

    select distinct
        segment,
        customer_id

    from members

)

select * from final

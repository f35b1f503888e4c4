with

unwritten as (

    select * from {{ ref('stg_ledger__unwritten') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- A message that was written after all has a row of its own.
final as (

    select
        unwritten.enrollment_id,
        unwritten.step,
        unwritten.rule,
        unwritten.found_at

    from unwritten
    left join messages
        on unwritten.message_id = messages.message_id
    where messages.message_id is null

)

select * from final

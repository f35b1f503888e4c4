with

consents as (

    select * from {{ ref('stg_shop__consents') }}

),

customers as (

    select customer_id from {{ ref('int_customers__known') }}

),

mailboxes as (

    select
        customer_id,
        address

    from {{ ref('int_customers__contact_points') }}
    where
        channel = 'email'
        and address is not null

),

told as (

    select distinct
        customer_id as told_id,
        {{ folded_id('customer_id') }} as folded_id,
        {{ normalized_email('customer_id') }} as mailbox

    from consents
    where
        consent_status is null
        or consent_status != 'granted'

),

folded as (

    select
        customer_id,
        {{ folded_id('customer_id') }} as folded_id

    from customers

),

meant as (

    select
        told.told_id,
        folded.customer_id

    from told
    inner join folded
        on told.folded_id = folded.folded_id

    union distinct

    -- Lists of other tools name people by their mailbox.
    select
        told.told_id,
        mailboxes.customer_id

    from told
    inner join mailboxes
        on told.mailbox = mailboxes.address

),

final as (

    select
        told_id,
        customer_id

    from meant
    where told_id != customer_id

)

select * from final

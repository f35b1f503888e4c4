with

opinions as (

    select * from {{ ref('int_content__opinions') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

-- Rounded down: nothing is promised that is not so.
averages as (

    select
        subject_kind,
        subject,
        count(*) as review_count,
        cast(floor(sum(rating) * 10 / count(*)) as bigint) as rating_tenths

    from opinions
    group by subject_kind, subject

),

-- Short words of somebody content, without addresses, numbers, marks or shouting.
quotes as (

    select
        subject_kind,
        subject,
        review_text,
        product_id,
        row_number() over (
            partition by subject_kind, subject
            order by created_at desc, rating desc, review_text asc, product_id asc
        ) as quote_rank

    from opinions
    where
        rating >= {{ var('quote_min_rating') }}
        and length(review_text) between {{ var('quote_min_length') }}
        and {{ var('quote_max_length') }}
        and not {{ matches('review_text', var('quote_never')) }}
        and review_text <> upper(review_text)

),

final as (

    select
        -- ids
        averages.subject_kind,
        averages.subject,

        -- numerics
        cast(averages.review_count as bigint) as review_count,
        averages.rating_tenths,

        -- facts
        quotes.review_text as quote,
        products.product_name as quote_product_name

    from averages
    left join quotes
        on
            averages.subject_kind = quotes.subject_kind
            and averages.subject = quotes.subject
            and quotes.quote_rank = 1
    left join products
        on quotes.product_id = products.product_id
    where
        averages.review_count >= {{ var('reviews_min_count') }}
        and averages.rating_tenths >= {{ var('reviews_min_rating') }} * 10

)

select * from final

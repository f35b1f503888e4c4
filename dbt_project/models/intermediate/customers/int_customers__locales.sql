with

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

people as (

    select * from {{ ref('int_customers__template_facts') }}

),

language_names as (

    select * from {{ ref('language_names') }}

),

country_languages as (

    select * from {{ ref('country_languages') }}

),

-- DE, de-AT and de_DE begin with the language; German is its name.
spellings as (

    select
        customer_id,
        language as spelling,
        {{ dbt.split_part("replace(language, '_', '-')", "'-'", 1) }} as tag

    from customers
    where language is not null

),

stated as (

    select
        spellings.customer_id,
        coalesce(names.language, tags.language) as language

    from spellings
    left join language_names as names
        on spellings.spelling = names.language_name
    left join language_names as tags
        on trim(spellings.tag) = tags.language_name

),

final as (

    select
        -- ids
        people.customer_id,

        -- language
        stated.language,
        stated.customer_id is not null and stated.language is null
            as is_language_unread,
        case
            when {{ is_language_on('stated.language') }} then stated.language
            when {{ is_language_on('country_languages.language') }}
                then country_languages.language
            else '{{ var("shop_language") }}'
        end as locale,
        case
            when {{ is_language_on('stated.language') }} then 'customer'
            when {{ is_language_on('country_languages.language') }} then 'country'
            else 'shop'
        end as locale_source

    from people
    left join stated
        on people.customer_id = stated.customer_id
    left join country_languages
        on people.country = country_languages.country

)

select * from final

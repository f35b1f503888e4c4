with

cells as (

    select * from {{ ref('int_predictions__offer_cells') }}

),

results as (

    select * from {{ ref('int_experiments__results') }}
    where
        metric = 'reactivation'
        and window_days = {{ var('plan_window_days') }}

),

variants as (

    select * from {{ ref('int_playbooks__variants') }}

),

variant_counts as (

    select
        playbook_id,
        count(*) as variant_count

    from variants
    group by playbook_id

),

-- Of offers that a test has decided for; all treated are one variant where there is no other.
decided as (

    select
        variants.playbook_id,
        variants.variant,
        variants.offer_id

    from variants
    inner join variant_counts
        on variants.playbook_id = variant_counts.playbook_id
    inner join results
        on
            variants.playbook_id = results.playbook_id
            and results.verdict = 'winner'
            and (
                results.contrast = {{ dbt.concat(["variants.variant", "'-vs-holdout'"]) }}  -- noqa: LT05
                or (
                    results.contrast = 'treatment-vs-holdout'
                    and variant_counts.variant_count = 1
                )
            )
    where variants.offer_id is not null
    group by
        variants.playbook_id,
        variants.variant,
        variants.offer_id

),

compared as (

    select
        decided.playbook_id,
        decided.offer_id,
        treated.f_score,
        treated.customers as treated,
        treated.came_back as treated_back,
        untreated.customers as untreated,
        untreated.came_back as untreated_back

    from decided
    inner join cells as treated
        on
            decided.playbook_id = treated.playbook_id
            and decided.variant = treated.variant
            and treated.arm = 'treatment'
    inner join cells as untreated
        on
            decided.playbook_id = untreated.playbook_id
            and treated.f_score = untreated.f_score
            and untreated.arm = 'holdout'

),

-- An effect of two groups is known as well as one of half their harmonic mean each.
weighed as (

    select
        offer_id,
        f_score,
        treated_back / treated - untreated_back / untreated as effect,
        2 / (1 / treated + 1 / untreated) as known_by

    from compared

),

pooled as (

    select
        offer_id,
        f_score,
        sum(effect * known_by) / sum(known_by) as effect,
        sum(known_by) as known_by

    from weighed
    group by offer_id, f_score

),

overall as (

    select
        offer_id,
        sum(effect * known_by) / sum(known_by) as effect

    from pooled
    group by offer_id

),

final as (

    select
        -- ids
        overall.offer_id,

        -- numerics
        pooled.f_score,
        (
            pooled.known_by * pooled.effect
            + {{ var('offer_shrinkage_customers') }} * overall.effect
        ) / (pooled.known_by + {{ var('offer_shrinkage_customers') }})
            as effect

    from pooled
    inner join overall
        on pooled.offer_id = overall.offer_id

)

select * from final

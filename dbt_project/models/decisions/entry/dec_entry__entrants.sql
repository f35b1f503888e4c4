{%- set dealt_by = "candidates.customer_id || '|' || candidates.playbook_id" -%}
{#- A preference for a channel moves nobody into a holdout, or out of it. -#}
{%- set dealt_as = "coalesce(candidates.dealt_as_playbook_id, candidates.playbook_id)" -%}

with

candidates as (

    select * from {{ ref('dec_entry__candidates') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

-- Named here so that a playbook with broken steps enrolls nobody: their tests run first.
steps as (

    select distinct playbook_id from {{ ref('int_playbooks__steps') }}

),

variants as (

    select * from {{ ref('int_playbooks__variants') }}

),

-- What the seeds plan today stays with who enters today, whatever they plan later.
plans as (

    select
        playbook_id,
        {{ sorted_list(
            "concat(arm, ':', variant, '=', cast(planned_share as varchar))"
        ) }} as planned_shares

    from {{ ref('int_playbooks__cells') }}
    group by playbook_id

),

offers as (

    select * from {{ ref('offers') }}

),

global_holdout as (

    select * from {{ ref('dec_entry__global_holdout') }}

),

-- Hashes of the customer, independent of each other and of the run: the same person is
-- dealt the same way every time. The shop's holdout is never more than the playbook's.
hashed as (

    select
        candidates.*,
        cast(playbooks.holdout_share as double) as holdout_share,
        cast(
            least(global_holdout.share, playbooks.holdout_share) as double
        ) as global_share,
        {{ global_hash('candidates.customer_id') }} as global_hash,
        {{ hash_unit("candidates.customer_id || '|' || " ~ dealt_as) }} as arm_hash,
        {{ hash_unit(dealt_by ~ " || '|variant'") }} as variant_hash

    from candidates
    inner join playbooks
        on candidates.playbook_id = playbooks.playbook_id
    inner join steps
        on candidates.playbook_id = steps.playbook_id
    cross join global_holdout
    where candidates.is_entering

),

dealt as (

    select
        hashed.*,
        case
            when hashed.global_hash < hashed.global_share then 'holdout'
            -- The rest of the playbook's share, out of the rest of the people.
            when
                hashed.arm_hash * (1 - hashed.global_share)
                < hashed.holdout_share - hashed.global_share
                then 'holdout'
            else 'treatment'
        end as arm,
        variants.variant as dealt_variant,
        coalesce(variants.offer_id, hashed.offer_id) as dealt_offer_id

    from hashed
    inner join variants
        on
            hashed.playbook_id = variants.playbook_id
            and hashed.variant_hash >= variants.hash_from
            and hashed.variant_hash < variants.hash_below

),

final as (

    select
        -- ids
        cast(
            md5(
                concat_ws(
                    '|',
                    dealt.playbook_id,
                    dealt.customer_id,
                    dealt.episode_order_id
                )
            ) as varchar
        ) as enrollment_id,
        dealt.playbook_id,
        dealt.customer_id,
        dealt.episode_order_id,
        dealt.dealt_offer_id as offer_id,

        -- facts
        dealt.segment,
        cast(dealt.arm as varchar) as arm,
        cast(
            case when dealt.arm = 'holdout' then '' else dealt.dealt_variant end
            as varchar
        ) as variant,
        cast(plans.planned_shares as varchar) as planned_shares,

        -- numerics
        dealt.global_share as global_holdout_share,

        -- timestamps
        {{ as_of() }} as entered_at,
        {{ days_after('offers.validity_days', as_of()) }} as offer_expires_at

    from dealt
    left join plans
        on dealt.playbook_id = plans.playbook_id
    left join offers
        on dealt.dealt_offer_id = offers.offer_id

)

select * from final

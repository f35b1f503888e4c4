with

quality as (

    select * from {{ ref('int_predictions__quality') }}

),

models as (

    select * from {{ ref('int_predictions__models') }}
    where role = 'check'

),

final as (

    select
        -- ids
        cast(models.fit_id as varchar) as fit_id,

        -- facts
        cast(quality.model as varchar) as model,
        cast(quality.is_better as boolean) as is_better,

        -- numerics
        cast(quality.horizon_days as bigint) as horizon_days,
        cast(quality.customers as bigint) as customers,
        cast(quality.hits as bigint) as hits,
        cast(quality.auc as double) as auc,
        cast(quality.plain_auc as double) as plain_auc,
        cast(quality.auc - quality.plain_auc as double) as auc_gain,
        cast({{ var('prediction_min_auc_gain') }} as double) as min_auc_gain,
        cast(quality.calibration as double) as calibration,

        -- dates
        cast(models.trained_from as date) as trained_from,
        cast(quality.cutoff_date as date) as split_date

    from quality
    cross join models

)

select * from final

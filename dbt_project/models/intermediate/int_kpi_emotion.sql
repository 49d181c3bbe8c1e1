{{ config(materialized='view') }}

-- Present or absent; what is unknown is counted beside, and never made up.
with responses as (
    select * from {{ ref('int_responses') }}
    where kind = 'emotion' and {{ is_counted('responded_date') }}
),

members as (
    select
        kpi_number,
        case when emotion_state in ('present', 'absent') then 'emotion' else 'unknown' end as statistic,
        case when emotion_state in ('present', 'absent') then 'proportion' else 'count' end as estimator,
        'response|' || response_id as subject_id,
        cast(1 as bigint) as member_number,
        responded_date as cohort_date,
        profile,
        wave,
        {{ share("coalesce(emotion_state <> 'absent', true)") }} as outcome,
        responded_at as matures_at
    from responses
)

select {{ member_columns('wave') }} from members

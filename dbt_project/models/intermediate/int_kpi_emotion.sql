{{ config(materialized='view') }}

-- Present or absent; what is unknown is counted beside, and never made up.
with responses as (
    select * from {{ ref('int_responses') }}
    where kind = 'emotion'
),

statistics (statistic, estimator) as (
    values ('emotion', 'proportion'), ('unknown', 'count')
),

members as (
    select
        responses.journey,
        responses.kpi,
        responses.kind,
        responses.definition,
        statistics.statistic,
        statistics.estimator,
        'response|' || responses.response_id as subject_id,
        cast(1 as bigint) as member_number,
        responses.responded_date as cohort_date,
        responses.profile,
        case
            when statistics.statistic = 'unknown'
                then {{ share("coalesce(responses.emotion_state not in ('present', 'absent'), true)") }}
            when responses.emotion_state in ('present', 'absent') then {{ share("responses.emotion_state = 'present'") }}
        end as outcome,
        responses.responded_at as matures_at
    from responses
    cross join statistics
)

select {{ member_columns() }} from members

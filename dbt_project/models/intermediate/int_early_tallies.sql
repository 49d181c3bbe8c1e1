{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

with members as (
    select * from {{ ref('int_early_members') }} as members
    {{ only_touched('int_touched_days', 'members', ['journey', 'cohort_date']) }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

tallied as (
    select
        journey,
        kpi,
        kind,
        definition,
        profile,
        cohort_date,
        age_seconds,
        cast(coalesce(sum(outcome), 0) as bigint) as total,
        cast(count(outcome) as bigint) as decided_count,
        cast(count(*) - count(outcome) as bigint) as open_count,
        max(matures_at) as matures_at,
        {{ next_decided_at('outcome', 'matures_at', '(select clock.as_of from clock)') }} as next_decided_at
    from members
    group by journey, kpi, kind, definition, profile, cohort_date, age_seconds
)

select * from tallied

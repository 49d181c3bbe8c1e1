{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'drop_off'
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

-- A visit that has moved on is known early, one that will not is known late: none counts before its window is over.
members as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        'drop_off' as statistic,
        'proportion' as estimator,
        visits.instance_id as subject_id,
        visits.visit_number as member_number,
        visits.entered_date as cohort_date,
        case
            when {{ add_seconds('visits.entered_at', 'kpis.window_seconds') }} <= clock.as_of
                then {{ share(
                    'visits.moved_on_at is null or visits.moved_on_at >= '
                    ~ add_seconds('visits.entered_at', 'kpis.window_seconds')
                ) }}
        end as outcome,
        {{ add_seconds('visits.entered_at', 'kpis.window_seconds') }} as matures_at
    from visits
    inner join kpis on visits.journey = kpis.journey and visits.stage = kpis.stage
    cross join clock
)

select {{ member_columns() }} from members

{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'conversion'
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

-- As with drop-off, nothing counts before its window is over: who arrives is known early, who does not is known late.
of_stages as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        visits.instance_id as subject_id,
        visits.visit_number as member_number,
        visits.entered_date as cohort_date,
        visits.moved_on_at as reached_at,
        {{ add_seconds('visits.entered_at', 'kpis.window_seconds') }} as matures_at
    from visits
    inner join kpis on visits.journey = kpis.journey and visits.stage = kpis.stage
),

of_journeys as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        instances.instance_id as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.reached_last_stage_at as reached_at,
        {{ add_seconds('instances.started_at', 'kpis.window_seconds') }} as matures_at
    from instances
    inner join kpis on instances.journey = kpis.journey
    where kpis.stage is null
),

cohorts as (
    select * from of_stages
    union all
    select * from of_journeys
),

members as (
    select
        cohorts.*,
        'conversion' as statistic,
        'proportion' as estimator,
        case
            when cohorts.matures_at <= clock.as_of
                then {{ share('coalesce(cohorts.reached_at < cohorts.matures_at, false)') }}
        end as outcome
    from cohorts
    cross join clock
)

select {{ member_columns() }} from members

{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'volume'
),

events as (
    select * from {{ ref('int_journey_events') }}
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

of_touchpoints as (
    select
        kpis.journey,
        kpis.kpi,
        events.instance_id as subject_id,
        events.event_number as member_number,
        {{ local_date('events.occurred_at', 'kpis.timezone') }} as cohort_date,
        events.occurred_at as matures_at
    from events
    inner join kpis on events.journey = kpis.journey and events.touchpoint = kpis.of_touchpoint
),

-- An instance is counted once a stage, on the day of its first visit: so weeks and months are sums of days.
of_stages as (
    select
        kpis.journey,
        kpis.kpi,
        visits.instance_id as subject_id,
        visits.visit_number as member_number,
        visits.entered_date as cohort_date,
        visits.entered_at as matures_at
    from visits
    inner join kpis on visits.journey = kpis.journey and visits.stage = kpis.stage
    where visits.visit_number = 1 and kpis.of_touchpoint is null
),

of_journeys as (
    select
        kpis.journey,
        kpis.kpi,
        instances.instance_id as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.started_at as matures_at
    from instances
    inner join kpis on instances.journey = kpis.journey
    where kpis.stage is null and kpis.of_touchpoint is null
),

counted as (
    select * from of_touchpoints
    union all
    select * from of_stages
    union all
    select * from of_journeys
),

members as (
    select
        counted.*,
        'volume' as kind,
        'volume' as statistic,
        'count' as estimator,
        cast(1 as double precision) as outcome
    from counted
)

select {{ member_columns() }} from members

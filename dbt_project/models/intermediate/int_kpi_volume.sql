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

counting as (
    select
        kpis.kpi_number,
        places.place_number
    from kpis
    inner join {{ ref('int_touchpoints') }} as places
        on kpis.journey = places.journey and kpis.of_touchpoint = places.touchpoint
),

happened as (
    select
        counting.kpi_number,
        {{ passage_id('instances') }} as subject_id,
        events.event_number as member_number,
        {{ local_date(moment_at('events.moment'), 'instances.timezone') }} as cohort_date,
        instances.profile,
        {{ moment_at('events.moment') }} as matures_at
    from events
    inner join counting on events.place_number = counting.place_number
    inner join instances on events.actor_key = instances.actor_key and events.passage = instances.passage
),

-- An instance is counted once a stage, on the day of its first visit: so weeks and months are sums of days.
members as (
    select
        {{ kpi_columns("'volume'", "'count'") | indent(8) }},
        happened.subject_id,
        happened.member_number,
        happened.cohort_date,
        happened.profile,
        cast(1 as double precision) as outcome,
        happened.matures_at
    from happened
    inner join kpis on happened.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'happened.cohort_date') }}
    where {{ is_counted('happened.cohort_date') }}
    union all
    select
        {{ kpi_columns("'volume'", "'count'") | indent(8) }},
        {{ passage_id('visits') }} as subject_id,
        visits.visit_number as member_number,
        visits.entered_date as cohort_date,
        visits.profile,
        cast(1 as double precision) as outcome,
        visits.entered_at as matures_at
    from visits
    inner join kpis
        on
            visits.stage_number = kpis.stage_number
            and kpis.of_touchpoint is null
            and {{ in_force('kpis', 'visits.entered_date') }}
    where visits.visit_number = 1 and {{ is_counted('visits.entered_date') }}
    union all
    select
        {{ kpi_columns("'volume'", "'count'") | indent(8) }},
        {{ passage_id('instances') }} as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.profile,
        cast(1 as double precision) as outcome,
        instances.started_at as matures_at
    from instances
    inner join kpis
        on
            instances.journey = kpis.journey
            and kpis.stage is null
            and kpis.of_touchpoint is null
            and {{ in_force('kpis', 'instances.started_date') }}
    where {{ is_counted('instances.started_date') }}
)

select {{ member_columns() }} from members

{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind in ('time_to_resolve', 'time_in_stage')
),

events as (
    select * from {{ ref('int_journey_events') }} as events
    {{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage']) }}
),

visits as (
    select * from {{ ref('int_stage_visits') }} as visits
    {{ only_touched('int_touched_instances', 'visits', ['actor_key', 'passage']) }}
),

instances as (
    select * from {{ ref('int_journey_instances') }} as instances
    {{ only_touched('int_touched_instances', 'instances', ['actor_key', 'passage']) }}
),

marks as (
    select
        kpis.kpi,
        kpis.map_version,
        events.actor_key,
        events.passage,
        events.event_number,
        events.occurred_at,
        events.due_at,
        events.touchpoint = kpis.from_touchpoint as is_from,
        lag(events.touchpoint = kpis.from_touchpoint) over (
            partition by events.actor_key, events.passage, kpis.kpi, kpis.map_version order by events.event_number
        ) as was_from
    from events
    inner join kpis
        on events.journey = kpis.journey and events.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
),

-- Repeated marks say nothing new: the clock runs from the first `from` to the first `to` after it, and a `from` after
-- that is a new spell.
turns as (
    select
        *,
        lead(occurred_at) over ways as closed_at,
        row_number() over ways as member_number
    from marks
    where was_from is null or was_from <> is_from
    window ways as (partition by actor_key, passage, kpi, map_version order by event_number)
),

resolving as (
    select
        instances.journey,
        turns.kpi,
        turns.map_version,
        turns.actor_key,
        turns.passage,
        instances.instance_id,
        turns.member_number,
        turns.occurred_at as started_at,
        {{ local_date('turns.occurred_at', 'instances.timezone') }} as started_date,
        turns.closed_at,
        coalesce(turns.due_at, instances.first_due_at) as due_at,
        instances.profile
    from turns
    inner join instances on turns.actor_key = instances.actor_key and turns.passage = instances.passage
    where turns.is_from
),

staying as (
    select
        visits.journey,
        kpis.kpi,
        kpis.map_version,
        visits.actor_key,
        visits.passage,
        visits.instance_id,
        visits.visit_number as member_number,
        visits.entered_at as started_at,
        visits.entered_date as started_date,
        visits.exited_at as closed_at,
        cast(null as timestamp) as due_at,
        visits.profile
    from visits
    inner join kpis on visits.journey = kpis.journey and visits.stage = kpis.stage and kpis.kind = 'time_in_stage'
),

found as (
    select * from resolving
    union all
    select * from staying
),

spells as (
    select
        found.journey,
        found.kpi,
        kpis.kind,
        kpis.definition,
        found.actor_key,
        found.passage,
        found.instance_id,
        cast(found.member_number as bigint) as member_number,
        found.started_at,
        found.started_date,
        found.closed_at,
        {{ add_seconds('found.started_at', 'kpis.journey_window_seconds') }} as gives_up_at,
        found.due_at,
        kpis.tolerance_seconds,
        kpis.tolerance_is_due,
        kpis.has_tolerance,
        kpis.calendar,
        found.profile
    from found
    inner join kpis
        on
            found.journey = kpis.journey and found.kpi = kpis.kpi and found.map_version = kpis.map_version
            and found.started_date >= kpis.in_force_from and found.started_date < kpis.in_force_to
),

{{ clock_spells() }}

select * from clocked

{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind in ('time_to_resolve', 'time_in_stage')
),

places as (
    select * from {{ ref('int_touchpoints') }}
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

marking as (
    select
        kpis.kpi_number,
        places.place_number,
        places.touchpoint = kpis.from_touchpoint as is_from
    from kpis
    inner join places
        on kpis.journey = places.journey and places.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
),

marks as (
    select
        marking.kpi_number,
        marking.is_from,
        events.actor_key,
        events.passage,
        events.event_number,
        events.moment,
        events.due_at,
        lag(marking.is_from) over (
            partition by events.actor_key, events.passage, marking.kpi_number order by events.event_number
        ) as was_from
    from events
    inner join marking on events.place_number = marking.place_number
),

-- Repeated marks say nothing new: the clock runs from the first `from` to the first `to` after it, and a `from` after
-- that is a new spell.
turns as (
    select
        *,
        lead(moment) over ways as close_moment,
        row_number() over ways as member_number
    from marks
    where was_from is null or was_from <> is_from
    window ways as (partition by actor_key, passage, kpi_number order by event_number)
),

resolving as (
    select
        turns.kpi_number,
        turns.actor_key,
        turns.passage,
        turns.member_number,
        {{ moment_at('turns.moment') }} as started_at,
        {{ local_date(moment_at('turns.moment'), 'instances.timezone') }} as started_date,
        {{ moment_at('turns.close_moment') }} as closed_at,
        coalesce(turns.due_at, instances.first_due_at) as due_at,
        instances.profile
    from turns
    inner join instances on turns.actor_key = instances.actor_key and turns.passage = instances.passage
    where turns.is_from
),

staying as (
    select
        kpis.kpi_number,
        visits.actor_key,
        visits.passage,
        visits.visit_number as member_number,
        visits.entered_at as started_at,
        visits.entered_date as started_date,
        visits.exited_at as closed_at,
        cast(null as timestamp) as due_at,
        visits.profile
    from visits
    inner join kpis on visits.stage_number = kpis.stage_number and kpis.kind = 'time_in_stage'
),

found as (
    select * from resolving
    union all
    select * from staying
),

spells as (
    select
        found.*,
        {{ add_seconds('found.started_at', 'kpis.journey_window_seconds') }} as gives_up_at
    from found
    inner join kpis
        on
            found.kpi_number = kpis.kpi_number
            and found.started_date >= kpis.in_force_from and found.started_date < kpis.in_force_to
),

{{ clock_spells() }}

select * from clocked

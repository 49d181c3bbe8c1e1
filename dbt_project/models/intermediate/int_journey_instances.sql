{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

-- The events are looked at by each who needs some of their columns: to keep them all aside costs more.
with events as not materialized (
    select * from {{ ref('int_journey_events') }} as events
    {{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage']) }}
),

places as (
    select * from {{ ref('int_touchpoints') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

started as (
    select
        actor_key,
        passage,
        min(moment) as first_moment,
        {{ first_by('place_number', 'event_number') }} as place_number,
        coalesce(min(segments_key), 0) as lowest_segments_key,
        coalesce(max(segments_key), 0) as highest_segments_key,
        cast(count(*) as bigint) as count_events
    from events
    group by actor_key, passage
),

-- Windows are half-open: what happens exactly when the window is over comes too late.
windows as (
    select
        started.*,
        {{ moment_at('started.first_moment') }} as started_at,
        {{ time_at(clock_of('started.first_moment') ~ ' + journeys.window_seconds * 1000000') }} as window_ends_at,
        {{ clock_of('started.first_moment') }} + journeys.window_seconds * 1000000 as window_ends_clock,
        journeys.journey,
        journeys.map_version,
        journeys.timezone,
        journeys.last_stage_position,
        journeys.window_seconds as journey_window_seconds
    from started
    inner join places on started.place_number = places.place_number
    inner join journeys on places.journey = journeys.journey and places.map_version = journeys.map_version
),

marks as (
    select
        events.actor_key,
        events.passage,
        events.moment,
        places.stage_position,
        places.is_end
    from events
    inner join places on events.place_number = places.place_number
    where places.is_end or events.is_entry
),

ends as (
    select
        windows.actor_key,
        windows.passage,
        max(case when marks.is_end and {{ clock_of('marks.moment') }} < windows.window_ends_clock then marks.moment end)
            as end_moment,
        min(case when marks.stage_position = windows.last_stage_position then marks.moment end) as last_stage_moment
    from windows
    inner join marks on windows.actor_key = marks.actor_key and windows.passage = marks.passage
    group by windows.actor_key, windows.passage
),

{{ passage_profiles() }},

instances as (
    select
        windows.journey,
        windows.actor_key,
        windows.passage,
        windows.started_at,
        {{ local_date('windows.started_at', 'windows.timezone') }} as started_date,
        windows.window_ends_at,
        {{ moment_at('ends.end_moment') }} as ended_at,
        coalesce({{ moment_at('ends.end_moment') }}, windows.window_ends_at) as matures_at,
        {{ moment_at('ends.last_stage_moment') }} as reached_last_stage_at,
        windows.count_events,
        windows.map_version,
        windows.journey_window_seconds,
        windows.timezone,
        profiles.profile
    from windows
    inner join profiles on windows.actor_key = profiles.actor_key and windows.passage = profiles.passage
    left join ends on windows.actor_key = ends.actor_key and windows.passage = ends.passage
)

select * from instances

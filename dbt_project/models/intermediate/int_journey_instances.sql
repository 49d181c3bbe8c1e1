{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

with events as (
    select * from {{ ref('int_journey_events') }} as events
    {{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage']) }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

started as (
    select
        actor_key,
        passage,
        min(journey) as journey,
        min(occurred_at) as started_at,
        {{ first_by('map_version', 'event_number') }} as map_version,
        {{ first_by('customer_id', 'event_number') }} as customer_id,
        max(case_id) as case_id,
        {{ first_by('due_at', 'event_number') }} as first_due_at,
        min(nullif(segments, '{}')) as lowest_segments,
        max(nullif(segments, '{}')) as highest_segments,
        cast(count(*) as bigint) as count_events,
        cast(count(distinct stage) as bigint) as count_stages
    from events
    group by actor_key, passage
),

-- Windows are half-open: what happens exactly when the window is over comes too late.
windows as (
    select
        started.*,
        journeys.timezone,
        journeys.last_stage_position,
        journeys.window_seconds as journey_window_seconds,
        {{ add_seconds('started.started_at', 'journeys.window_seconds') }} as window_ends_at
    from started
    inner join journeys on started.journey = journeys.journey and started.map_version = journeys.map_version
),

marks as (
    select
        actor_key,
        passage,
        stage_position,
        is_end,
        occurred_at
    from events
    where is_end or is_entry
),

ends as (
    select
        windows.actor_key,
        windows.passage,
        max(case when marks.is_end and marks.occurred_at < windows.window_ends_at then marks.occurred_at end)
            as ended_at,
        min(case when marks.stage_position = windows.last_stage_position then marks.occurred_at end)
            as reached_last_stage_at
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
        {{ instance_id('windows') }} as instance_id,
        windows.customer_id,
        windows.case_id,
        windows.started_at,
        {{ local_date('windows.started_at', 'windows.timezone') }} as started_date,
        windows.window_ends_at,
        ends.ended_at,
        coalesce(ends.ended_at, windows.window_ends_at) as matures_at,
        ends.reached_last_stage_at,
        windows.first_due_at,
        windows.count_events,
        windows.count_stages,
        windows.map_version,
        windows.journey_window_seconds,
        windows.timezone,
        profiles.profile
    from windows
    inner join profiles on windows.actor_key = profiles.actor_key and windows.passage = profiles.passage
    left join ends on windows.actor_key = ends.actor_key and windows.passage = ends.passage
)

select * from instances

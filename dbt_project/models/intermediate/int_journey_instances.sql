with events as (
    select * from {{ ref('int_journey_events') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

-- Windows are half-open: what happens exactly when the window is over comes too late.
timed as (
    select
        events.*,
        journeys.timezone,
        journeys.map_version,
        journeys.window_seconds,
        journeys.last_stage_position,
        {{ add_seconds('events.instance_started_at', 'journeys.window_seconds') }} as window_ends_at
    from events
    inner join journeys on events.journey = journeys.journey
),

passages as (
    select
        journey,
        instance_id,
        {{ first_by('customer_id', 'event_number') }} as customer_id,
        max(case_id) as case_id,
        {{ first_by('due_at', 'event_number') }} as first_due_at,
        min(instance_started_at) as started_at,
        min(window_ends_at) as window_ends_at,
        max(case when is_end and occurred_at < window_ends_at then occurred_at end) as ended_at,
        min(case when stage_position = last_stage_position then occurred_at end) as reached_last_stage_at,
        min(timezone) as timezone,
        min(map_version) as map_version,
        min(window_seconds) as journey_window_seconds,
        cast(count(*) as bigint) as count_events,
        cast(count(distinct stage) as bigint) as count_stages
    from timed
    group by journey, instance_id
),

judged as (
    select
        passages.*,
        {{ local_date('passages.started_at', 'passages.timezone') }} as started_date,
        coalesce(passages.ended_at, passages.window_ends_at) as matures_at,
        passages.ended_at is not null or passages.window_ends_at <= clock.as_of as is_mature,
        case
            when passages.ended_at is not null then 'completed'
            when passages.window_ends_at <= clock.as_of then 'lost'
            else 'open'
        end as outcome
    from passages
    cross join clock
)

select * from judged

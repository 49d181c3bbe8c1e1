{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

-- What was promised to each case: `due_at` of the event that starts the clock; where it names none, the first one named
-- before the clock starts again, also ahead of the first start. A promise that is moved later stays what it was. One
-- that lies before the start of its case is none: the day that it would be counted on was over before the case began.
with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'promises_kept'
),

places as (
    select * from {{ ref('int_touchpoints') }}
),

events as (
    select * from {{ ref('int_journey_events') }} as events
    {{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage']) }}
),

instances as (
    select * from {{ ref('int_journey_instances') }} as instances
    {{ only_touched('int_touched_instances', 'instances', ['actor_key', 'passage']) }}
),

{{ ctes_turns() }},

starts as (
    select
        *,
        row_number() over (partition by actor_key, passage, kpi_number order by event_number) = 1 as is_first
    from turns
    where is_from
),

named_elsewhere as (
    select
        starts.kpi_number,
        starts.actor_key,
        starts.passage,
        starts.member_number,
        {{ first_by('events.due_at', 'events.event_number') }} as due_at
    from starts
    inner join events on starts.actor_key = events.actor_key and starts.passage = events.passage
    where
        starts.due_at is null
        and events.due_at is not null
        and (starts.is_first or events.event_number > starts.event_number)
        and (starts.next_from_number is null or events.event_number < starts.next_from_number)
    group by starts.kpi_number, starts.actor_key, starts.passage, starts.member_number
),

found as (
    select
        starts.kpi_number,
        starts.actor_key,
        starts.passage,
        starts.member_number,
        {{ moment_at('starts.moment') }} as started_at,
        {{ moment_at('starts.close_moment') }} as closed_at,
        starts.is_wrong_order,
        coalesce(starts.due_at, named_elsewhere.due_at) as named_due_at,
        instances.timezone,
        instances.profile
    from starts
    inner join instances on starts.actor_key = instances.actor_key and starts.passage = instances.passage
    left join named_elsewhere
        on
            starts.kpi_number = named_elsewhere.kpi_number
            and starts.actor_key = named_elsewhere.actor_key
            and starts.passage = named_elsewhere.passage
            and starts.member_number = named_elsewhere.member_number
),

dated as (
    select
        kpi_number,
        actor_key,
        passage,
        member_number,
        started_at,
        {{ local_date('started_at', 'timezone') }} as started_date,
        closed_at,
        is_wrong_order,
        case when named_due_at >= started_at then named_due_at end as due_at,
        case when named_due_at >= started_at then {{ local_date('named_due_at', 'timezone') }} end as due_date,
        timezone,
        profile
    from found
),

-- By the version of the map in force on the day of the start, and by that on the day when it falls due.
promises as (
    select
        dated.kpi_number,
        dated.actor_key,
        dated.passage,
        dated.member_number,
        dated.started_at,
        dated.started_date,
        dated.closed_at,
        dated.is_wrong_order,
        dated.due_at,
        dated.due_date,
        {{ utc_of_midnight(day_after("'day'", 'dated.due_date'), 'dated.timezone') }} as due_day_ends_at,
        {{ add_seconds('dated.started_at', 'kpis.journey_window_seconds') }} as gives_up_at,
        dated.profile
    from dated
    inner join kpis
        on
            dated.kpi_number = kpis.kpi_number
            and (
                ({{ in_force('kpis', 'dated.started_date') }})
                or ({{ in_force('kpis', 'dated.due_date') }})
            )
)

select * from promises

{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

with events as (
    select * from {{ ref('int_journey_events') }} as events
    where is_entry{{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage'], opening=' and') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }} as instances
    {{ only_touched('int_touched_instances', 'instances', ['actor_key', 'passage']) }}
),

entered as (
    select
        journey,
        actor_key,
        passage,
        stage,
        stage_position,
        event_number,
        occurred_at as entered_at,
        lead(stage) over ways as next_stage,
        lead(stage_position) over ways as next_stage_position,
        lead(occurred_at) over ways as next_entered_at,
        row_number() over (partition by actor_key, passage, stage order by event_number) as visit_number
    from events
    window ways as (partition by actor_key, passage order by event_number)
),

-- Mostly the next stage is a later one. Where it is not, the later ones have to be looked for.
turned_back as (
    select
        actor_key,
        passage,
        event_number,
        stage_position
    from entered
    where next_stage_position <= stage_position
),

came_back as (
    select
        turned_back.actor_key,
        turned_back.passage,
        turned_back.event_number,
        min(later.entered_at) as moved_on_at
    from turned_back
    inner join entered as later
        on
            turned_back.actor_key = later.actor_key
            and turned_back.passage = later.passage
            and turned_back.event_number < later.event_number
            and turned_back.stage_position < later.stage_position
    group by turned_back.actor_key, turned_back.passage, turned_back.event_number
),

visits as (
    select
        entered.journey,
        entered.actor_key,
        entered.passage,
        instances.instance_id,
        entered.stage,
        entered.stage_position,
        entered.event_number,
        cast(entered.visit_number as bigint) as visit_number,
        entered.entered_at,
        {{ local_date('entered.entered_at', 'instances.timezone') }} as entered_date,
        coalesce(
            entered.next_entered_at, case when instances.ended_at >= entered.entered_at then instances.ended_at end
        ) as exited_at,
        entered.next_stage,
        case
            when entered.next_stage_position > entered.stage_position then entered.next_entered_at
            else came_back.moved_on_at
        end as moved_on_at,
        instances.matures_at as instance_matures_at,
        instances.map_version,
        instances.journey_window_seconds,
        instances.profile
    from entered
    inner join instances on entered.actor_key = instances.actor_key and entered.passage = instances.passage
    left join came_back
        on
            entered.actor_key = came_back.actor_key
            and entered.passage = came_back.passage
            and entered.event_number = came_back.event_number
)

select * from visits

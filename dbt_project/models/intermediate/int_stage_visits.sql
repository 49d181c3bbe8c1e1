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

places as (
    select * from {{ ref('int_touchpoints') }}
),

entries as (
    select
        actor_key,
        passage,
        event_number,
        place_number,
        moment,
        lead(place_number) over ways as next_place_number,
        lead(moment) over ways as next_moment
    from events
    window ways as (partition by actor_key, passage order by event_number)
),

entered as (
    select
        entries.*,
        places.stage_number,
        places.stage_position,
        next_places.stage_number as next_stage_number,
        next_places.stage_position <= places.stage_position or next_places.map_version <> places.map_version as is_odd
    from entries
    inner join places on entries.place_number = places.place_number
    left join places as next_places on entries.next_place_number = next_places.place_number
),

-- Mostly the next stage is a later one, and each is visited once. Where one goes back, or the map changes on the way,
-- the later ones have to be looked for, and visits to be numbered.
odd as (
    select
        entered.*,
        row_number() over (
            partition by entered.actor_key, entered.passage, entered.stage_number order by entered.event_number
        ) as visit_number
    from entered
    where exists (
        select 1
        from entered as turned
        where turned.actor_key = entered.actor_key and turned.passage = entered.passage and turned.is_odd
    )
),

looked_for as (
    select
        odd.actor_key,
        odd.passage,
        odd.event_number,
        odd.visit_number,
        min(later.moment) as moved_on_moment
    from odd
    left join odd as later
        on
            odd.actor_key = later.actor_key
            and odd.passage = later.passage
            and odd.event_number < later.event_number
            and odd.stage_position < later.stage_position
    group by odd.actor_key, odd.passage, odd.event_number, odd.visit_number
),

visits as (
    select
        entered.actor_key,
        entered.passage,
        entered.event_number,
        entered.stage_number,
        entered.stage_position,
        entered.next_stage_number,
        cast(coalesce(looked_for.visit_number, 1) as bigint) as visit_number,
        {{ moment_at('entered.moment') }} as entered_at,
        {{ moment_at('entered.next_moment') }} as next_entered_at,
        {{ moment_at(
            'case when looked_for.actor_key is null then entered.next_moment else looked_for.moved_on_moment end'
        ) }} as moved_on_at
    from entered
    left join looked_for
        on
            entered.actor_key = looked_for.actor_key
            and entered.passage = looked_for.passage
            and entered.event_number = looked_for.event_number
),

stage_visits as (
    select
        visits.actor_key,
        visits.passage,
        visits.event_number,
        visits.stage_number,
        visits.stage_position,
        visits.visit_number,
        visits.entered_at,
        {{ local_date('visits.entered_at', 'instances.timezone') }} as entered_date,
        coalesce(
            visits.next_entered_at, case when instances.ended_at >= visits.entered_at then instances.ended_at end
        ) as exited_at,
        visits.next_stage_number,
        visits.moved_on_at,
        instances.matures_at as instance_matures_at,
        instances.profile
    from visits
    inner join instances on visits.actor_key = instances.actor_key and visits.passage = instances.passage
)

select * from stage_visits

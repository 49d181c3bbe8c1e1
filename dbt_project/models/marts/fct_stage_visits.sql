{{ config(materialized=row_mart()) }}

with visits as (
    select * from {{ ref('int_stage_visits') }}
),

instances as (
    select * from {{ ref('int_named_instances') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

windows as (
    select
        map_version,
        stage_number,
        max(case when kind in ('drop_off', 'conversion') then window_seconds end) as stage_window_seconds
    from kpis
    where stage_number is not null
    group by map_version, stage_number
),

stage_visits as (
    select
        instances.journey,
        instances.instance_id,
        stages.stage,
        visits.stage_position,
        visits.visit_number,
        visits.entered_at,
        visits.exited_at,
        next_stages.stage as next_stage,
        visits.moved_on_at,
        {{ add_seconds(
            'visits.entered_at', 'coalesce(windows.stage_window_seconds, instances.journey_window_seconds)'
        ) }} as matures_at,
        instances.map_version,
        instances.is_in_viewpoint
    from visits
    inner join instances on visits.actor_key = instances.actor_key and visits.passage = instances.passage
    inner join stages on visits.stage_number = stages.stage_number
    left join stages as next_stages on visits.next_stage_number = next_stages.stage_number
    left join windows on instances.map_version = windows.map_version and visits.stage_number = windows.stage_number
)

select * from stage_visits

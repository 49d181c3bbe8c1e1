{{ config(materialized=row_mart()) }}

with instances as (
    select * from {{ ref('int_named_instances') }}
),

paths as (
    select * from {{ ref('int_paths') }}
),

experiences as (
    select * from {{ ref('int_experiences') }}
),

journey_instances as (
    select
        instances.journey,
        instances.instance_id,
        instances.customer_id,
        instances.case_id,
        instances.started_at,
        instances.ended_at,
        instances.outcome,
        paths.path,
        instances.count_events,
        paths.count_stages,
        instances.matures_at,
        coalesce(experiences.count_scored, 0) as count_scored,
        experiences.peak_score,
        experiences.peak_touchpoint,
        experiences.end_score,
        experiences.end_touchpoint,
        experiences.peak_end,
        instances.map_version,
        instances.is_in_viewpoint
    from instances
    left join paths on instances.actor_key = paths.actor_key and instances.passage = paths.passage
    left join experiences on instances.actor_key = experiences.actor_key and instances.passage = experiences.passage
)

select * from journey_instances

{{ config(materialized='view') }}

with journeys as (
    select * from {{ ref('stg_map_journeys') }}
    where is_current
),

stages as (
    select * from {{ ref('stg_map_stages') }}
    where is_current
),

last_stages as (
    select
        journey,
        max(position) as last_stage_position
    from stages
    group by journey
),

described as (
    select
        journeys.journey,
        journeys.version as map_version,
        coalesce(journeys.timezone, 'UTC') as timezone,
        journeys.window_seconds,
        journeys.idle_seconds,
        last_stages.last_stage_position
    from journeys
    left join last_stages on journeys.journey = last_stages.journey
)

select * from described

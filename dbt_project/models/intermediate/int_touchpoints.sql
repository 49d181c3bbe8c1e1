{{ config(materialized='table') }}

with touchpoints as (
    select * from {{ ref('stg_map_touchpoints') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

-- `map_order` is even, and odd for a touchpoint that ends a journey: events of one moment stand in its order, and it
-- tells an end from a start where only the last of both is remembered. Numbers stand for names in large tables: of a
-- touchpoint on one version of its map, and of a stage on all of them.
placed as (
    select
        touchpoints.journey,
        touchpoints.version as map_version,
        touchpoints.touchpoint,
        touchpoints.stage,
        touchpoints.stage_position,
        touchpoints.is_start,
        touchpoints.is_end,
        coalesce(touchpoints.is_staffed, false) as is_staffed,
        cast(
            2 * row_number() over (
                partition by touchpoints.journey, touchpoints.version
                order by touchpoints.stage_position, touchpoints.position
            ) + case when touchpoints.is_end then 1 else 0 end as integer
        ) as map_order,
        journeys.is_current,
        journeys.window_seconds,
        journeys.idle_seconds,
        journeys.in_force_from_at,
        journeys.in_force_to_at
    from touchpoints
    inner join journeys on touchpoints.journey = journeys.journey and touchpoints.version = journeys.map_version
),

numbered as (
    select
        *,
        cast(row_number() over (order by journey, map_version, map_order) as integer) as place_number,
        cast(dense_rank() over (order by journey, stage) as integer) as stage_number
    from placed
)

select * from numbered

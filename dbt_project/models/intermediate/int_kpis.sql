{{ config(materialized='table') }}

with kpis as (
    select * from {{ ref('stg_map_kpis') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

described as (
    select
        cast(row_number() over (order by kpis.journey, kpis.kpi, kpis.version) as integer) as kpi_number,
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.title,
        kpis.stage,
        kpis.stage_position,
        stages.stage_number,
        kpis.survey,
        kpis.question,
        kpis.on_touchpoint,
        kpis.of_touchpoint,
        kpis.from_touchpoint,
        kpis.to_touchpoint,
        kpis.emotion,
        kpis.measure,
        kpis.calendar,
        kpis.definition,
        kpis.tolerance_seconds,
        kpis.within_seconds,
        kpis.scale_min,
        kpis.scale_max,
        kpis.box_min,
        kpis.polarity,
        kpis.direction,
        kpis.unit,
        kpis.target,
        journeys.map_version,
        journeys.is_current,
        journeys.in_force_from,
        journeys.in_force_to,
        journeys.timezone,
        journeys.last_stage_position,
        journeys.window_seconds as journey_window_seconds,
        coalesce(kpis.on_touchpoint, kpis.of_touchpoint) as level_touchpoint,
        coalesce(kpis.window_seconds, journeys.window_seconds) as window_seconds,
        kpis.tolerance_seconds is not null as has_tolerance,
        coalesce(kpis.at_least, case kpis.kind when 'repeat_contact' then 2 else 1 end) as at_least
    from kpis
    inner join journeys on kpis.journey = journeys.journey and kpis.version = journeys.map_version
    left join stages on kpis.journey = stages.journey and kpis.stage = stages.stage
)

select * from described

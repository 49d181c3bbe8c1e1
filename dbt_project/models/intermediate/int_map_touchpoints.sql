{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with touchpoints as (
    select * from {{ ref('stg_map_touchpoints') }}
)

select * from touchpoints

{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with journeys as (
    select * from {{ ref('stg_map_journeys') }}
)

select * from journeys

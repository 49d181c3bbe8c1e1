{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with moments as (
    select * from {{ ref('stg_map_moments') }}
)

select * from moments

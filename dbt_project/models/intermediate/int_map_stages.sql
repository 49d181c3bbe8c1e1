{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with stages as (
    select * from {{ ref('stg_map_stages') }}
)

select * from stages

{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with promises as (
    select * from {{ ref('stg_map_promises') }}
)

select * from promises

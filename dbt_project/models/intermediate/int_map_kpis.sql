{{ config(materialized='ephemeral') }}

-- All versions of the map, current and past: marts read no staging.
with kpis as (
    select * from {{ ref('stg_map_kpis') }}
)

select * from kpis

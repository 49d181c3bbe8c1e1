{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_touchpoint_events') }}
),

{{ map_events() }}

select * from mapped

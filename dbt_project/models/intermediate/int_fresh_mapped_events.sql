{{ config(materialized='view') }}

with events as (
    select * from {{ ref('int_fresh_events') }}
),

{{ map_events() }}

select * from mapped

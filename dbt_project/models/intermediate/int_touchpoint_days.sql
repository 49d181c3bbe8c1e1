{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

{% set everything, fresh = ref('stg_touchpoint_events'), ref('int_fresh_events') %}
-- How often each touchpoint was seen, on a map or not. Each run adds what is fresh: days are summed by who reads them.
with events as (
    select * from {{ fresh if is_incremental() else everything }}
),

counted as (
    select
        source,
        touchpoint,
        cast(occurred_at as date) as utc_date,
        cast(count(*) as bigint) as count_events,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from events
    group by source, touchpoint, cast(occurred_at as date)
)

select * from counted

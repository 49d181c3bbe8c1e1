{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

{% set fresh = is_fresh('events', 'occurred_at') %}
with events as (
    select * from {{ ref('int_mapped_events') }} as events
    where segments_key is not null and {{ fresh if is_incremental() else 'true' }}
),

texts as (
    select
        segments_key,
        min(segments) as segments
    from events
    {% if is_incremental() -%}
    where segments_key not in (select known.segments_key from {{ this }} as known)
    {%- endif %}
    group by segments_key
)

select * from texts

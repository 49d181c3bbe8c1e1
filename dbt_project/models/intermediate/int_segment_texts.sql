{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

{% set everything, fresh = ref('int_mapped_events'), ref('int_fresh_mapped_events') %}
with events as (
    select * from {{ fresh if is_incremental() else everything }}
    where segments_key is not null
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

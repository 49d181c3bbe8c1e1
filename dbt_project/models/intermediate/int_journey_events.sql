{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_actors', 'key': ['actor_key']}, indexes=key_index(['actor_key'])
) }}

-- Nothing may lose sight of how it was before: {{ ref('int_touched_event_days') }}
-- depends_on: {{ ref('int_touched_actors') }}
{% set recut = ref('int_recut_events') %}
{% if is_incremental() -%}
with cut as (
    select * from {{ recut }}
)
{%- else -%}
with events as (
    {{ event_columns(ref('int_mapped_events')) | indent(4) }}
),

{{ cut_passages() }}
{%- endif %}

select * from cut

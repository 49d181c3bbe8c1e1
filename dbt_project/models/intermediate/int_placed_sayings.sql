{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_sayings', 'key': ['saying_key']},
    indexes=key_index(['saying_key'])
) }}

-- Nothing may lose sight of how it was before: {{ ref('int_touched_days') }}
{% set moved, touched = ref('int_moved_sayings'), ref('int_touched_sayings') %}
{% if is_incremental() -%}
with placed as (
    select * from {{ moved }}
)
{%- else -%}
with sayings as (
    {{ saying_columns(ref('int_survey_sayings')) | indent(4) }}
),

{{ place_sayings() }}
{%- endif %}

{{ placed_columns('placed') }}

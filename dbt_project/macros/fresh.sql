{#
    What the last run has not seen: rows of batches new to it, and rows that then lay ahead of the clock. Nothing, where
    everything is counted anew. What it reads is named on every path: dbt learns what a model needs while it reads it,
    when nothing is there yet.
#}
{% macro is_fresh(alias, happened_at) -%}
{%- set new_batches = ref('stg_new_batches') -%}
{%- set last_run = ref('stg_last_run') -%}
{%- if counting_anew() -%}
false
{%- else -%}
(
    exists (
        select 1
        from {{ new_batches }} as new_batches
        where {{ alias }}.source = new_batches.source and {{ alias }}.batch_id = new_batches.batch_id
    )
    or {{ alias }}.{{ happened_at }} > (select last_run.as_of from {{ last_run }} as last_run)
)
{%- endif -%}
{%- endmacro %}

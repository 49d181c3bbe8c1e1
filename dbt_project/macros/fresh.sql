{# What the last run has not seen: rows of batches new to it, and rows that then lay ahead of the clock. #}
{% macro is_fresh(alias, happened_at) -%}
(
    exists (
        select 1
        from {{ ref('stg_new_batches') }} as new_batches
        where {{ alias }}.source = new_batches.source and {{ alias }}.batch_id = new_batches.batch_id
    )
    or {{ alias }}.{{ happened_at }} > (select last_run.as_of from {{ ref('stg_last_run') }} as last_run)
)
{%- endmacro %}

{#
    The rows of a relation that the last run has not seen: those of batches new to it, and those that then lay ahead of
    the clock. None, where everything is counted anew. Two questions, for a database answers each of them at once, and
    both together row by row. What it reads is named on every path: dbt learns what a model needs while it reads it,
    when nothing is there yet.
#}
{% macro fresh_rows(relation, happened_at) -%}
{%- set new_batches, last_run = ref('stg_new_batches'), ref('stg_last_run') -%}
{%- if counting_anew() -%}
select * from {{ relation }}
where false
{%- else -%}
select seen.* from {{ relation }} as seen
where
    (seen.source, seen.batch_id) in (select new_batches.source, new_batches.batch_id from {{ new_batches }} as new_batches)
union all
select seen.* from {{ relation }} as seen
where
    seen.{{ happened_at }} > (select last_run.as_of from {{ last_run }} as last_run)
    and (seen.source, seen.batch_id) not in (
        select
            new_batches.source,
            new_batches.batch_id
        from {{ new_batches }} as new_batches
    )
{%- endif -%}
{%- endmacro %}

{#
    Work in proportion to what is new. Each run first finds out what is touched, by models that look at the tables of
    the last run before they are written anew; then every incremental model replaces exactly what is touched.
#}

{# A table as the last run left it; none where everything is counted anew. It is no ref: nothing waits for it. #}
{% macro as_it_was(model_name, schema='intermediate') %}
{%- if not execute or flags.FULL_REFRESH -%}{{ return(none) }}{%- endif -%}
{{ return(adapter.get_relation(database=target.database, schema=schema, identifier=model_name)) }}
{% endmacro %}

{# Whether there is no last run to build upon. #}
{% macro counting_anew() %}{{ return(as_it_was('int_kpi_tallies') is none) }}{% endmacro %}

{#
    The incremental strategy of this project: rows whose `meta.key` stands in the model `meta.touched` go, the new ones
    come. Unlike delete+insert it also takes away what is touched and has no successor.
#}
{% macro get_incremental_replace_touched_sql(arguments) %}
{%- set meta = config.get('meta') -%}
{%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
delete from {{ arguments['target_relation'] }} as kept
where exists (
    select 1
    from {{ ref(meta['touched']) }} as touched
    where {% for column in meta['key'] -%}
    touched.{{ column }} = kept.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor %}
);
insert into {{ arguments['target_relation'] }} ({{ columns }})
select {{ columns }} from {{ arguments['temp_relation'] }}
{% endmacro %}

{#
    Only what is touched, as a condition on `alias`; nothing where everything is counted anew. A column is named alike
    on both sides, or `theirs=mine`.
#}
{% macro only_touched(model_name, alias, columns, opening='where') -%}
{#- Named on every path: dbt learns what a model needs while it reads it, when nothing is there yet. -#}
{%- set touched = ref(model_name) -%}
{%- if is_incremental() %}
{{ opening }} exists (
    select 1
    from {{ touched }} as touched
    where {% for column in columns -%}
    {%- set names = column.split('=') -%}
    touched.{{ names[0] }} = {{ alias }}.{{ names[-1] }}{{ ' and ' if not loop.last }}
    {%- endfor %}
)
{%- endif -%}
{%- endmacro %}

{#
    Whether this run counts a day: a condition on what is local to the journey, for views whose rows are many and of
    which few days are asked. `only_touched` says it exactly, but is looked at after everything was put together.
#}
{% macro is_counted(day) -%}
{%- set touched = ref('int_touched_days') -%}
{%- if counting_anew() -%}
true
{%- else -%}
{{ day }} in (select touched.cohort_date from {{ touched }} as touched)
{%- endif -%}
{%- endmacro %}

{#
    When the first of those that are not decided will be: until then time alone changes nothing. One whose time is now
    counts as to come, for some are decided at their time and others after it.
#}
{% macro next_decided_at(outcome, matures_at, as_of) -%}
min(case when {{ outcome }} is null and {{ matures_at }} >= {{ as_of }} then {{ matures_at }} end)
{%- endmacro %}

{#
    The columns that every int_kpi_<kind> ends with, in this order. `wave`: the survey wave, of responses and invitations.
    `weight`: the survey weight, of scores; NULL weighs 1.
#}
{% macro member_columns(wave='cast(null as text)', weight='cast(null as double precision)') -%}
kpi_number, statistic, estimator, subject_id, member_number, cohort_date, profile, outcome, matures_at, {{ wave }} as wave,
{{ weight }} as weight
{%- endmacro %}

{# The version of a map in force on a day. #}
{% macro in_force(kpis, day) -%}
{{ day }} >= {{ kpis }}.in_force_from and {{ day }} < {{ kpis }}.in_force_to
{%- endmacro %}

{# 1 or 0 for a condition that is never NULL. #}
{% macro share(condition) %}cast(case when {{ condition }} then 1 else 0 end as double precision){% endmacro %}

{# A passage as a text, short and only for telling it from others. #}
{% macro passage_id(passages) -%}
{{ as_text(passages ~ '.actor_key') }} || '|' || {{ as_text(passages ~ '.passage') }}
{%- endmacro %}

{# The start of a member's row: what it says of its KPI. Wants the alias `kpis`. #}
{% macro kpi_columns(statistic, estimator) -%}
kpis.kpi_number,
{{ statistic }} as statistic,
{{ estimator }} as estimator
{%- endmacro %}

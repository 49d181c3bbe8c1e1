{# The subject of a KPI about answers; that of the others is an instance. #}
{% macro response_subject(response_id) %}'response|' || {{ response_id }}{% endmacro %}

{# The columns that every int_kpi_<kind> ends with, in this order. #}
{% macro member_columns() -%}
journey, kpi, kind, statistic, estimator, subject_id, member_number, cohort_date, outcome, matures_at
{%- endmacro %}

{# One member an answer: `outcome` is an expression over int_responses, decided the moment it is given. #}
{% macro answer_members(kind, statistics) -%}
select
    responses.journey,
    responses.kpi,
    responses.kind,
    statistics.statistic,
    statistics.estimator,
    {{ response_subject('responses.response_id') }} as subject_id,
    cast(1 as bigint) as member_number,
    responses.responded_date as cohort_date,
    case statistics.statistic
        {%- for statistic in statistics %}
        when '{{ statistic.name }}' then {{ statistic.outcome }}
        {%- endfor %}
    end as outcome,
    responses.responded_at as matures_at
from responses
cross join (
    values {% for statistic in statistics -%}
    ('{{ statistic.name }}', '{{ statistic.estimator }}'){{ ', ' if not loop.last }}
    {%- endfor %}
) as statistics (statistic, estimator)
where responses.kind = '{{ kind }}'
{%- endmacro %}

{# 1 or 0 for a condition that is never NULL. #}
{% macro share(condition) %}cast(case when {{ condition }} then 1 else 0 end as double precision){% endmacro %}

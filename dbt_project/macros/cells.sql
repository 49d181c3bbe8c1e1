{# A cell is what one reading is made of: KPI and statistic, segment and value, period. #}
{% macro cell_columns() -%}
journey,
kpi,
statistic,
estimator,
segment,
segment_value,
case
    when grouping(cohort_date) = 0 then 'day'
    when grouping(cohort_week) = 0 then 'week'
    else 'month'
end as period,
coalesce(cohort_date, cohort_week, cohort_month) as period_start
{%- endmacro %}

{% macro cell_grouping() -%}
journey, kpi, statistic, estimator, segment, segment_value,
grouping sets ((cohort_date), (cohort_week), (cohort_month))
{%- endmacro %}

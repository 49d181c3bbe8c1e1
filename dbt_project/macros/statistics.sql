{# What is fixed about a statistic. `kpis` is the alias under which int_kpis is joined. #}

{% macro statistic_unit(estimator, statistic) -%}
case
    when {{ estimator }} = 'proportion' then 'share'
    when {{ estimator }} = 'count' then 'count'
    when {{ estimator }} = 'quantile' then 'seconds'
    when {{ statistic }} = 'peak_end' then 'score'
    else 'points'
end
{%- endmacro %}

{# The map's direction is that of the KPI's first statistic; those beside it have their own. #}
{% macro statistic_direction(statistic, kpis) -%}
case
    when {{ statistic }} in ('median', 'p90', 'detractors') then 'lower'
    when {{ statistic }} in ('coverage', 'promoters', 'closed_within') then 'higher'
    when {{ statistic }} in ('unknown', 'passives', 'without_promise') then null
    when {{ kpis }}.kind = 'ces' and {{ statistic }} = 'mean'
        then case {{ kpis }}.polarity when 'low_is_easy' then 'lower' else 'higher' end
    else {{ kpis }}.direction
end
{%- endmacro %}

{# The one that is shown first: of durations the share within tolerance, or the median where no tolerance is given. #}
{% macro first_statistic(kpis) -%}
case
    when {{ kpis }}.kind = 'csat' then 'top_box'
    when {{ kpis }}.kind = 'csat_mean' then 'mean'
    when {{ kpis }}.kind = 'ces' then 'share_easy'
    when {{ kpis }}.kind in ('time_to_resolve', 'time_in_stage')
        then case when {{ kpis }}.has_tolerance then 'share_within' else 'median' end
    else {{ kpis }}.kind
end
{%- endmacro %}

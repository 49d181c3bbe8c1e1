{# One member an answer and statistic: `outcome` is an expression over int_responses; decided once it is given. #}
{% macro answer_members(kind, statistics) -%}
with responses as (
    select * from {{ ref('int_responses') }}
    where kind = '{{ kind }}' and {{ is_counted('responded_date') }}
),

statistics (statistic, estimator) as (
    values {% for statistic in statistics -%}
    ('{{ statistic.name }}', '{{ statistic.estimator }}'){{ ', ' if not loop.last }}
    {%- endfor %}
),

members as (
    select
        responses.kpi_number,
        statistics.statistic,
        statistics.estimator,
        'response|' || responses.response_id as subject_id,
        cast(1 as bigint) as member_number,
        responses.responded_date as cohort_date,
        responses.profile,
        responses.wave,
        responses.weight,
        case statistics.statistic
            {%- for statistic in statistics %}
            when '{{ statistic.name }}' then {{ statistic.outcome }}
            {%- endfor %}
        end as outcome,
        responses.responded_at as matures_at
    from responses
    cross join statistics
)

select {{ member_columns('wave', 'weight') }} from members
{%- endmacro %}

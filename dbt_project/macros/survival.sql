{# What is compared with a curve's height allows for the last digits of its logarithms. #}
{% macro crosses(height, level) %}{{ height }} <= {{ level }} + 1e-12{% endmacro %}

{# The log-log bound of a survival curve; exists where it is neither 1 nor 0. #}
{% macro survival_bound(sign) -%}
case
    when survival > 0 and survival < 1
        then power(survival, exp({{ sign }}{{ z() }} * sqrt(greenwood) / abs(ln(survival))))
end
{%- endmacro %}

{# The first of something at which a curve, or a bound of it, crosses the height of the median, or of the 90th percent. #}
{% macro first_crossings(position) -%}
{%- for name, level in [('median', 0.5), ('p90', 0.1)] %}
{%- for suffix, height in [('', 'survival'), ('_low', 'survival_low'), ('_high', 'survival_high')] -%}
min(case when {{ crosses(height, level) }} then {{ position }} end) as {{ name }}{{ suffix }}{{ ',' if suffix != '_high' or name != 'p90' }}
{% endfor %}
{%- endfor %}
{%- endmacro %}

{#
    CTEs `cells` and `crossings` (microseconds, by cell) over CTEs `spells`, `defined` (their days with the period and
    its KPI's number) and `segments`. Every spell is in a dozen cells: while there are so many rows, a cell is a number.

    Where somebody was censored before the last one closed, the curve is a product over everybody. Elsewhere crossings
    are order statistics, which cost much less.
#}
{% macro survival_curves() -%}
day_cells as (
    select
        defined.*,
        segments.segment_number,
        {{ cell_number('defined', 'segments') }} as cell_number
    from defined
    inner join segments on defined.journey = segments.journey and defined.profile = segments.profile
),

cells as (
    select
        cell_number,
        period_kpi_number as kpi_number,
        segment_number,
        period,
        period_start,
        cast(sum(spell_count) as bigint) as spell_count,
        cast(sum(open_count) as bigint) as open_count,
        cast(sum(closed_count) as bigint) as closed_count,
        max(matures_at) as matures_at,
        sum(closed_count) < sum(spell_count) as is_never_empty,
        max(last_closed) as last_closed,
        coalesce(min(first_censored) < max(last_closed), false) as is_censored_early
    from day_cells
    group by cell_number, period_kpi_number, segment_number, period, period_start
),

ordered as (
    select
        days.day_number,
        spells.clock_time,
        spells.is_closed,
        row_number() over (order by spells.clock_time) as time_order
    from spells
    inner join days
        on
            spells.kpi_number = days.kpi_number
            and spells.profile = days.profile
            and spells.started_date = days.started_date
),

{{ order_statistics() }},

exposed as materialized (
    select
        cells.cell_number,
        ordered.clock_time,
        ordered.is_closed
    from cells
    inner join day_cells on cells.cell_number = day_cells.cell_number
    inner join ordered on day_cells.day_number = ordered.day_number
    where cells.is_censored_early
),

steps as (
    select
        cell_number,
        clock_time,
        cast(count(*) as double precision) as leaving,
        cast(sum(case when is_closed then 1 else 0 end) as double precision) as closing
    from exposed
    group by cell_number, clock_time
),

stepped as (
    select
        cell_number,
        clock_time,
        closing,
        sum(leaving) over (
            partition by cell_number order by clock_time rows between current row and unbounded following
        ) as at_risk
    from steps
),

curves as (
    select
        cell_number,
        clock_time,
        case
            when min(at_risk - closing) over so_far > 0
                then exp(sum(case when at_risk > closing then ln(1 - closing / at_risk) else 0 end) over so_far)
            else 0
        end as survival,
        sum(case when at_risk > closing then closing / (at_risk * (at_risk - closing)) end) over so_far as greenwood
    from stepped
    where closing > 0
    window so_far as (
        partition by cell_number order by clock_time
        rows between unbounded preceding and current row
    )
),

bounded as (
    select
        *,
        {{ survival_bound('') }} as survival_low,
        {{ survival_bound('-') }} as survival_high
    from curves
),

crossings as (
    select
        cell_number,
        {{ first_crossings('clock_time') | indent(8) }}
    from bounded
    group by cell_number
    union all
    select * from plain_crossings
)
{%- endmacro %}

{# A cell as one number: KPI, period, its first day, segment. #}
{% macro cell_number(days, segments) -%}
(
    cast({{ days }}.period_kpi_number as bigint) * 3
    + case {{ days }}.period when 'day' then 0 when 'week' then 1 else 2 end
) * 1000000000000 + cast({{ days }}.period_start - date '1900-01-01' as bigint) * 10000000 + {{ segments }}.segment_number
{%- endmacro %}

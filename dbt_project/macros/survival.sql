{# What is compared with a curve's height allows for the last digits of its logarithms. #}
{% macro crosses(height, level) %}{{ height }} <= {{ level }} + 1e-12{% endmacro %}

{# The log-log bound of a survival curve; exists where it is neither 1 nor 0. #}
{% macro survival_bound(sign) -%}
case
    when survival > 0 and survival < 1
        then power(survival, exp({{ sign }}{{ z() }} * sqrt(greenwood) / abs(ln(survival))))
end
{%- endmacro %}

{#
    CTEs `cells` and `crossings` (seconds, by cell) over CTEs `spells`, `defined` (their days with the period and its
    KPI's number) and `segments`. Every spell is in a dozen cells: while there are so many rows, a cell is a number.

    Where nobody was censored before the last one closed, the curve after the i-th of n is 1 - i/n, Greenwood's sum is
    i / (n (n - i)), and both bounds fall with i: so a crossing is an order statistic, and its rank no further from
    that of the level than the square root of n (z/2 of it at most, up to five million). Only those are looked at.
    Elsewhere the product is needed, over everybody.
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
        max(matures_at) as matures_at,
        sum(closed_count) < sum(spell_count) as is_never_empty,
        max(last_closed) as last_closed,
        coalesce(min(first_censored) < max(last_closed), false) as is_censored_early
    from day_cells
    group by cell_number, period_kpi_number, segment_number, period, period_start
),

spread as (
    select
        day_cells.kpi_number,
        day_cells.profile,
        day_cells.started_date,
        cells.cell_number,
        cells.is_censored_early
    from day_cells
    inner join cells on day_cells.cell_number = cells.cell_number
),

numbered as (
    select
        spread.cell_number,
        spread.is_censored_early,
        spells.clock_time,
        spells.is_closed
    from spells
    inner join spread
        on
            spells.kpi_number = spread.kpi_number
            and spells.profile = spread.profile
            and spells.started_date = spread.started_date
),

ranked as (
    select
        cell_number,
        clock_time,
        row_number() over (partition by cell_number order by clock_time) as closed_rank
    from numbered
    where is_closed and not is_censored_early
),

{% set n, rank = 'cast(cells.spell_count as double precision)', 'ranked.closed_rank' -%}
plain as (
    select
        ranked.cell_number,
        ranked.clock_time,
        ({{ n }} - {{ rank }}) / {{ n }} as survival,
        case
            when {{ n }} > {{ rank }} and (cells.is_never_empty or ranked.clock_time < cells.last_closed)
                then {{ rank }} / ({{ n }} * ({{ n }} - {{ rank }}))
        end as greenwood
    from ranked
    inner join cells on ranked.cell_number = cells.cell_number
    where least(abs({{ rank }} - 0.5 * {{ n }}), abs({{ rank }} - 0.9 * {{ n }})) <= sqrt({{ n }}) + 3
),

steps as (
    select
        cell_number,
        clock_time,
        cast(count(*) as double precision) as leaving,
        cast(sum(case when is_closed then 1 else 0 end) as double precision) as closing
    from numbered
    where is_censored_early
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

censored as (
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

curves as (
    select * from plain
    union all
    select * from censored
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
        cell_number
        {%- for name, level in [('median', 0.5), ('p90', 0.1)] %}
        {%- for suffix, height in [('', 'survival'), ('_low', 'survival_low'), ('_high', 'survival_high')] %},
        min(case when {{ crosses(height, level) }} then clock_time end) / cast(1000000 as double precision)
            as {{ name }}{{ suffix }}
        {%- endfor %}
        {%- endfor %}
    from bounded
    group by cell_number
)
{%- endmacro %}

{# A cell as one number: KPI, period, its first day, segment. #}
{% macro cell_number(days, segments) -%}
(
    cast({{ days }}.period_kpi_number as bigint) * 3
    + case {{ days }}.period when 'day' then 0 when 'week' then 1 else 2 end
) * 1000000000000 + cast({{ days }}.period_start - date '1900-01-01' as bigint) * 10000000 + {{ segments }}.segment_number
{%- endmacro %}

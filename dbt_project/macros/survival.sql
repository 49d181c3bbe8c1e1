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
    CTE `quantiles` over CTEs `defined` (spells with their period and KPI's number), `kpis` and `segments`: one row a
    cell. Every spell is in a dozen cells: while there are so many rows, a cell is a number and nothing else.

    At each duration: who is still under observation, and who closes. As long as nobody was censored before, the curve
    is what is left of all, and Greenwood's sum telescopes; only then is the product needed, and a second look.
#}
{% macro survival_curves() -%}
numbered as (
    select
        {{ cell_number('defined', 'segments') }} as cell_number,
        defined.clock_time,
        defined.is_closed,
        defined.is_open,
        defined.matures_at,
        defined.kpi_number,
        defined.period,
        defined.period_start,
        segments.segment_number
    from defined
    inner join segments on defined.journey = segments.journey and defined.profile = segments.profile
),

steps as (
    select
        cell_number,
        clock_time,
        cast(count(*) as double precision) as leaving,
        cast(sum(case when is_closed then 1 else 0 end) as double precision) as closing
    from numbered
    group by cell_number, clock_time
),

counted as (
    select
        *,
        sum(leaving) over cell as everybody,
        coalesce(sum(leaving) over earlier, 0) as left_before,
        coalesce(sum(closing) over earlier, 0) as closed_before
    from steps
    window
        cell as (partition by cell_number),
        earlier as (
            partition by cell_number order by clock_time
            rows between unbounded preceding and 1 preceding
        )
),

stepped as (
    select
        *,
        everybody - left_before as at_risk,
        max(case when closing > 0 and closed_before < left_before then 1 else 0 end) over (
            partition by cell_number
        ) = 1 as is_censored_early
    from counted
),

plain as (
    select
        cell_number,
        clock_time,
        closing,
        (at_risk - closing) / everybody as survival,
        case
            when at_risk > closing then (everybody - at_risk + closing) / (everybody * (at_risk - closing))
        end as greenwood
    from stepped
    where not is_censored_early and closing > 0
),

censored as (
    select
        cell_number,
        clock_time,
        closing,
        case
            when min(at_risk - closing) over so_far > 0
                then exp(sum(case when at_risk > closing then ln(1 - closing / at_risk) else 0 end) over so_far)
            else 0
        end as survival,
        sum(case when at_risk > closing then closing / (at_risk * (at_risk - closing)) end) over so_far as greenwood
    from stepped
    where is_censored_early and closing > 0
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
),

cells as (
    select
        cell_number,
        kpi_number,
        segment_number,
        period,
        period_start,
        cast(count(*) as bigint) as decided_count,
        cast(sum(case when is_open then 1 else 0 end) as bigint) as open_count,
        max(matures_at) as matures_at
    from numbered
    group by cell_number, kpi_number, segment_number, period, period_start
),

names as (
    select distinct
        segment_number,
        segment,
        segment_value
    from segments
),

quantiles as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        kpis.map_version,
        names.segment,
        names.segment_value,
        cells.period,
        cells.period_start,
        cells.decided_count,
        cells.open_count,
        cells.matures_at,
        crossings.median,
        crossings.median_low,
        crossings.median_high,
        crossings.p90,
        crossings.p90_low,
        crossings.p90_high
    from cells
    inner join kpis on cells.kpi_number = kpis.kpi_number
    inner join names on cells.segment_number = names.segment_number
    left join crossings on cells.cell_number = crossings.cell_number
)
{%- endmacro %}

{# A cell as one number: KPI, period, its first day, segment. #}
{% macro cell_number(spells, segments) -%}
(
    cast({{ spells }}.kpi_number as bigint) * 3
    + case {{ spells }}.period when 'day' then 0 when 'week' then 1 else 2 end
) * 1000000000000 + cast({{ spells }}.period_start - date '1900-01-01' as bigint) * 10000000 + {{ segments }}.segment_number
{%- endmacro %}

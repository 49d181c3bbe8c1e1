{#
    CTEs `cells` and `crossings` (microseconds, by cell) over CTEs `spells`, `defined` (their days with the period and
    its KPI's number) and `segments`. Every spell is in a dozen cells: while there are so many rows, a cell is a number.

    Where somebody was censored before the last one closed, the curve is a product over everybody. Elsewhere crossings
    are order statistics, which cost much less.
#}
{% macro survival_curves() -%}
{{ cells_of_days() }},

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

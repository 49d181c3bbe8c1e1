{#
    The CTE `plain_crossings` (microseconds, by cell) over CTEs `cells`, `day_cells` and `ordered`, for cells in which
    nobody was censored before the last one closed.

    There the curve after the i-th of n is 1 - i/n, Greenwood's sum is i / (n (n - i)), and both bounds fall with i: so a
    crossing is an order statistic, whose rank depends on n alone.

    All cells are sorted at once, by one number a row: the cell, then the time. So each has a place, and a cell's rank is
    a place after those of the cells before it.
#}
{% macro order_statistics() -%}
plain_cells as (
    select
        cell_number,
        spell_count,
        closed_count,
        is_never_empty,
        last_closed,
        row_number() over (order by cell_number) as cell_order,
        cast(sum(closed_count) over (order by cell_number) as bigint) - closed_count as places_before
    from cells
    where closed_count > 0 and not is_censored_early
),

plain_days as materialized (
    select
        day_cells.day_number,
        plain_cells.cell_order * {{ times() }} as cell_begins
    from plain_cells
    inner join day_cells on plain_cells.cell_number = day_cells.cell_number
),

sorting as (
    select plain_days.cell_begins + ordered.time_order as cell_time
    from ordered
    inner join plain_days on ordered.day_number = plain_days.day_number
    where ordered.is_closed
),

sorted as (
    select
        cell_time % {{ times() }} as time_order,
        row_number() over (order by cell_time) as place
    from sorting
),

{{ crossing_ranks() }},

{% set names = ['median', 'median_low', 'median_high', 'p90', 'p90_low', 'p90_high'] -%}
wanted as (
    {%- for name in names %}
    select
        plain_cells.cell_number,
        '{{ name }}' as crossing,
        plain_cells.places_before + cast(crossing_ranks.{{ name }} as bigint) as place,
        {% if name in ('median', 'p90') %}cast(null as bigint){% else -%}
        case when not plain_cells.is_never_empty then plain_cells.last_closed end
        {%- endif %} as not_at
    from plain_cells
    inner join crossing_ranks on plain_cells.spell_count = crossing_ranks.size
    where crossing_ranks.{{ name }} <= plain_cells.closed_count
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Where the curve comes down to zero it has no bound: what crosses only there is not known.
found as (
    select
        wanted.cell_number,
        wanted.crossing,
        ordered.clock_time
    from wanted
    inner join sorted on wanted.place = sorted.place
    inner join ordered on sorted.time_order = ordered.time_order
    where wanted.not_at is null or ordered.clock_time < wanted.not_at
),

plain_crossings as (
    select
        cell_number
        {%- for name in names %},
        min(case when crossing = '{{ name }}' then clock_time end) as {{ name }}
        {%- endfor %}
    from found
    group by cell_number
)
{%- endmacro %}

{# More than there are times: what a cell is multiplied by to sort it and a time as one number. #}
{% macro times() %}4294967296{% endmacro %}

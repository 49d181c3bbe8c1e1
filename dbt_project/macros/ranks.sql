{#
    The CTE `crossing_ranks` over a CTE `plain_cells`: of each size, the ranks at which the curve and its bounds cross the
    two levels. A crossing is no further from the rank of the level than the square root of n (z/2 of it at most, up to
    five million): only such ranks are tried.
#}
{% macro crossing_ranks() -%}
sizes as (
    select
        cast(spell_count as double precision) as size,
        sqrt(cast(spell_count as double precision)) + 3 as reach
    from plain_cells
    group by spell_count
),

tried as (
    {%- for level in [0.5, 0.9] %}
    select
        size,
        cast({{ whole_numbers('greatest(1, ceil(' ~ level ~ ' * size - reach))', 'least(size, floor(' ~ level ~ ' * size + reach))') }} as double precision) as closed_rank
    from sizes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

heights as (
    select
        size,
        closed_rank,
        (size - closed_rank) / size as survival,
        case when size > closed_rank then closed_rank / (size * (size - closed_rank)) end as greenwood
    from tried
),

bounded_ranks as (
    select
        *,
        {{ survival_bound('') }} as survival_low,
        {{ survival_bound('-') }} as survival_high
    from heights
),

crossing_ranks as (
    select
        size,
        {{ first_crossings('closed_rank') | indent(8) }}
    from bounded_ranks
    group by size
)
{%- endmacro %}

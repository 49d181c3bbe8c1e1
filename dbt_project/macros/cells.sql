{#
    CTEs `day_cells` and `cells` over CTEs `defined` (days of spells with the period and its KPI's number) and `segments`:
    in which cells a day counts, and what each cell holds.
#}
{% macro cells_of_days() -%}
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
)
{%- endmacro %}

{# A cell as one number: KPI, period, its first day, segment. #}
{% macro cell_number(days, segments) -%}
(
    cast({{ days }}.period_kpi_number as bigint) * 3
    + case {{ days }}.period when 'day' then 0 when 'week' then 1 else 2 end
) * 1000000000000 + cast({{ days }}.period_start - date '1900-01-01' as bigint) * 10000000 + {{ segments }}.segment_number
{%- endmacro %}

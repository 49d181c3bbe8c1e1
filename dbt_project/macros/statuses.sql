{#
    Cells of a relation, and whether each can be trusted yet: its columns, then what the clock, late rows and blind
    sources make of them. Wants journey, kpi, map_version, segment, period, period_start, total, decided_count and
    matures_at; of cells that are not all proportions also statistic, estimator and squares.
#}
{% macro cells_with_status(model_name, has_estimator=true) -%}
with cells as (
    select * from {{ ref(model_name) }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

sources as (
    select * from {{ ref('int_kpi_sources') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

allowances as (
    select
        journey,
        kpi,
        max(late_seconds) as late_seconds
    from sources
    group by journey, kpi
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

-- A cell is done when its period is over, its last member is decided, and late rows had their time to come.
timed as (
    select
        cells.*,
        journeys.min_cell,
        greatest(
            cells.matures_at,
            {{ utc_of_midnight(day_after('cells.period', 'cells.period_start'), 'journeys.timezone') }}
        ) as decided_at,
        coalesce(allowances.late_seconds, 0) as late_seconds
    from cells
    inner join journeys on cells.journey = journeys.journey
    left join allowances on cells.journey = allowances.journey and cells.kpi = allowances.kpi
),

{{ ctes_missing_shares() }},

-- A gap withholds a cell if it can hide too much of it. One that begins when all was decided changes nothing: what is
-- final stays final.
judged as (
    select
        timed.*,
        {{ add_seconds('timed.decided_at', 'timed.late_seconds') }} as done_at,
        case
            when {{ hides_too_much('timed', 'kpis', 'missing_shares', has_estimator) | indent(12) }} then 'withheld'
            when {{ add_seconds('timed.decided_at', 'timed.late_seconds') }} > clock.as_of then 'provisional'
            else 'final'
        end as status,
        timed.segment <> 'all' and timed.min_cell > 1 and timed.decided_count < timed.min_cell as is_suppressed
    from timed
    cross join clock
    left join kpis
        on timed.journey = kpis.journey and timed.kpi = kpis.kpi and timed.map_version = kpis.map_version
    left join missing_shares
        on
            timed.journey = missing_shares.journey
            and timed.kpi = missing_shares.kpi
            and timed.period = missing_shares.period
            and timed.period_start = missing_shares.period_start
            and timed.decided_at = missing_shares.decided_at
)

select * from judged
{%- endmacro %}

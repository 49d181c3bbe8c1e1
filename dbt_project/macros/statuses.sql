{#
    Cells of a relation, and whether each can be trusted yet: its columns, then what the clock, late rows and blind
    sources make of them. Wants journey, kpi, segment, period, period_start, decided_count and matures_at.
#}
{% macro cells_with_status(model_name) -%}
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

blind_spots as (
    select * from {{ ref('stg_blind_spots') }}
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

blind as (
    select distinct
        sources.journey,
        sources.kpi,
        blind_spots.starts_at,
        blind_spots.ends_at
    from blind_spots
    inner join sources on blind_spots.source = sources.source
),

-- A cell is done when its period is over, its last member is decided, and late rows had their time to come.
timed as (
    select
        cells.*,
        journeys.min_cell,
        {{ utc_of_midnight('cells.period_start', 'journeys.timezone') }} as starts_at,
        greatest(
            cells.matures_at,
            {{ utc_of_midnight(day_after('cells.period', 'cells.period_start'), 'journeys.timezone') }}
        ) as decided_at,
        coalesce(allowances.late_seconds, 0) as late_seconds
    from cells
    inner join journeys on cells.journey = journeys.journey
    left join allowances on cells.journey = allowances.journey and cells.kpi = allowances.kpi
),

-- Blindness that begins when all was decided changes nothing: what is final stays final.
judged as (
    select
        timed.*,
        {{ add_seconds('timed.decided_at', 'timed.late_seconds') }} as done_at,
        case
            when exists (
                select 1
                from blind
                where
                    blind.journey = timed.journey
                    and blind.kpi = timed.kpi
                    and blind.starts_at < timed.decided_at
                    and coalesce(blind.ends_at > timed.starts_at, true)
            ) then 'withheld'
            when {{ add_seconds('timed.decided_at', 'timed.late_seconds') }} > clock.as_of then 'provisional'
            else 'final'
        end as status,
        timed.segment <> 'all' and timed.min_cell > 1 and timed.decided_count < timed.min_cell as is_suppressed
    from timed
    cross join clock
)

select * from judged
{%- endmacro %}

with cells as (
    select * from {{ ref('int_duration_cells') }}
),

sight as (
    select * from {{ ref('int_duration_sight') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

seen as (
    select
        cells.*,
        sight.is_blind_at_once,
        sight.blind_clock,
        sight.seen_clock,
        case
            when sight.is_under_way or sight.is_blind_at_once then 0
            else greatest(least(
                sight.seen_clock - cells.last_started_clock,
                coalesce(sight.blind_clock, sight.seen_clock) - cells.last_started_clock,
                cells.least_window_clock
            ), 0)
        end as decided_clock
    from cells
    inner join sight
        on
            cells.journey = sight.journey
            and cells.kpi = sight.kpi
            and cells.period = sight.period
            and cells.period_start = sight.period_start
            and coalesce(cells.calendar, '') = coalesce(sight.calendar, '')
),

-- Of a segment too small to be shown, nothing is shown.
shown as (
    select seen.*
    from seen
    inner join journeys on seen.journey = journeys.journey
    where seen.segment = 'all' or journeys.min_cell <= 1 or seen.cell_spells >= journeys.min_cell
),

counted as (
    select
        journey,
        kpi,
        kind,
        segment,
        segment_value,
        period,
        period_start,
        at_most_seconds,
        count_spells,
        decided_clock / cast(1000000 as double precision) as decided_seconds,
        case
            when is_blind_at_once then 'withheld'
            when decided_clock = least_window_clock then 'final'
            when blind_clock < seen_clock then 'withheld'
            else 'provisional'
        end as status,
        map_version,
        definition
    from shown
)

select * from counted

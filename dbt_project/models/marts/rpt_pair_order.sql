-- A pair in the wrong order says nothing about how long it took: clocks of two systems differ, or an event came twice.
with kpis as (
    select * from {{ ref('int_kpis') }}
),

clock as (
    select {{ add_seconds('as_of', '-2419200') }} as since
    from {{ ref('stg_clock') }}
),

pairs as (
    select
        spells.kpi_number,
        spells.started_at,
        spells.started_date,
        spells.is_wrong_order
    from {{ ref('int_spells') }} as spells
    inner join kpis on spells.kpi_number = kpis.kpi_number and kpis.kind = 'time_to_resolve'
    where {{ is_counted('spells.started_date') }}
    union all
    select
        promises.kpi_number,
        promises.started_at,
        promises.started_date,
        promises.is_wrong_order
    from {{ ref('int_promises') }} as promises
    inner join kpis on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.started_date') }}
    where {{ is_counted('promises.started_date') }}
),

counted as (
    select
        kpis.journey,
        kpis.kpi,
        cast(count(*) as bigint) as count_pairs,
        cast(sum(case when pairs.is_wrong_order then 1 else 0 end) as bigint) as count_wrong_order,
        cast(sum(case when pairs.started_at > clock.since then 1 else 0 end) as bigint) as count_pairs_28d,
        cast(sum(case when pairs.is_wrong_order and pairs.started_at > clock.since then 1 else 0 end) as bigint)
            as count_wrong_order_28d,
        max(case when pairs.is_wrong_order then pairs.started_at end) as last_wrong_order_at
    from pairs
    inner join kpis on pairs.kpi_number = kpis.kpi_number
    cross join clock
    group by kpis.journey, kpis.kpi
),

current_pairs as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.from_touchpoint,
        kpis.to_touchpoint,
        counted.count_pairs,
        counted.count_wrong_order,
        counted.count_pairs_28d,
        counted.count_wrong_order_28d,
        counted.last_wrong_order_at
    from counted
    inner join kpis on counted.journey = kpis.journey and counted.kpi = kpis.kpi and kpis.is_current
)

select * from current_pairs

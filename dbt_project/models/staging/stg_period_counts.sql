with counts as (
    select * from {{ source('raw', 'period_counts') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

seen as (
    select
        counts.count_id,
        counts.source,
        counts.batch_id,
        counts.measure,
        counts.covers,
        counts.period_start,
        counts.numerator,
        counts.denominator,
        counts.segments
    from counts
    where counts.period_start <= (select clock.as_of from clock)
)

select * from seen

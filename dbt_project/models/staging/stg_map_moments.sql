with moments as (
    select * from {{ source('raw', 'map_moments') }}
),

renamed as (
    select
        journey,
        version,
        moment,
        kpi,
        statistic,
        promise,
        falls_off_by,
        owner,
        notify,
        by_segments,
        escalate_after_seconds,
        escalate_to,
        is_current
    from moments
)

select * from renamed

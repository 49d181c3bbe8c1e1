with touchpoints as (
    select * from {{ source('raw', 'map_touchpoints') }}
),

renamed as (
    select
        journey,
        version,
        touchpoint,
        stage,
        stage_position,
        position,
        channel,
        stage_side,
        evidence,
        is_start,
        is_end,
        is_staffed,
        is_current
    from touchpoints
)

select * from renamed

with viewpoints as (
    select * from {{ source('raw', 'map_viewpoints') }}
),

renamed as (
    select
        journey,
        version,
        segment,
        segment_value,
        is_current
    from viewpoints
)

select * from renamed

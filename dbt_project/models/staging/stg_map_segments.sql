with segments as (
    select * from {{ source('raw', 'map_segments') }}
),

renamed as (
    select
        journey,
        version,
        segment,
        part,
        part_position,
        is_current
    from segments
)

select * from renamed

with segments as (
    select * from {{ source('raw', 'map_segments') }}
),

renamed as (
    select
        journey,
        version,
        segment,
        is_current
    from segments
)

select * from renamed

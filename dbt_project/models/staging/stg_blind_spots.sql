with blind_spots as (
    select * from {{ source('raw', 'blind_spots') }}
),

renamed as (
    select
        source,
        starts_at,
        ends_at,
        reason,
        found_at
    from blind_spots
)

select * from renamed

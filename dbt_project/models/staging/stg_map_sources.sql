with sources as (
    select * from {{ source('raw', 'map_sources') }}
),

renamed as (
    select
        source,
        kind,
        title,
        owner,
        late_seconds,
        wave_closes_seconds,
        schedule,
        data_use
    from sources
)

select * from renamed

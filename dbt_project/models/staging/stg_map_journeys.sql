with journeys as (
    select * from {{ source('raw', 'map_journeys') }}
),

renamed as (
    select
        journey,
        version,
        title,
        owner,
        timezone,
        viewpoint,
        starts_with,
        ends_with,
        window_seconds,
        idle_seconds,
        min_cell,
        is_current,
        valid_from,
        content
    from journeys
)

select * from renamed

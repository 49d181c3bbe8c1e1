with calendars as (
    select * from {{ source('raw', 'map_calendars') }}
),

renamed as (
    select
        calendar,
        utc_date,
        starts_at,
        ends_at,
        is_open,
        seconds_before
    from calendars
)

select * from renamed

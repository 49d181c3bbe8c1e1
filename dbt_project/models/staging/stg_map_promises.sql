with promises as (
    select * from {{ source('raw', 'map_promises') }}
),

renamed as (
    select
        journey,
        version,
        moment,
        segment,
        segment_value,
        promise,
        is_current
    from promises
)

select * from renamed

with stages as (
    select * from {{ source('raw', 'map_stages') }}
),

renamed as (
    select
        journey,
        version,
        stage,
        position,
        title,
        owner,
        content,
        is_current
    from stages
)

select * from renamed

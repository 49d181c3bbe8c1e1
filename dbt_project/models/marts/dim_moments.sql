with moments as (
    select * from {{ ref('int_map_moments') }}
)

select * from moments

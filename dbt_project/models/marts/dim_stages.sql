with stages as (
    select * from {{ ref('int_map_stages') }}
)

select * from stages

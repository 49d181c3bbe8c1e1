with touchpoints as (
    select * from {{ ref('int_map_touchpoints') }}
)

select * from touchpoints

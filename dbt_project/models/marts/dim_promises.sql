with promises as (
    select * from {{ ref('int_map_promises') }}
)

select * from promises

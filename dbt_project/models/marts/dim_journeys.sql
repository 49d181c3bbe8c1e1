with journeys as (
    select * from {{ ref('int_map_journeys') }}
)

select * from journeys

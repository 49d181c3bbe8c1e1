with kpis as (
    select * from {{ ref('int_map_kpis') }}
)

select * from kpis

-- One kind, one model with these columns: a new kind is one more line here.
with members as (
    select * from {{ ref('int_kpi_csat') }}
    union all
    select * from {{ ref('int_kpi_nps') }}
    union all
    select * from {{ ref('int_kpi_ces') }}
    union all
    select * from {{ ref('int_kpi_drop_off') }}
    union all
    select * from {{ ref('int_kpi_conversion') }}
    union all
    select * from {{ ref('int_kpi_time_to_resolve') }}
    union all
    select * from {{ ref('int_kpi_time_in_stage') }}
    union all
    select * from {{ ref('int_kpi_repeat_contact') }}
    union all
    select * from {{ ref('int_kpi_occurrence') }}
    union all
    select * from {{ ref('int_kpi_volume') }}
)

select * from members

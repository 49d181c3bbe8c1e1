{{ config(materialized='view') }}

with members as (
    {{ moving_on_members('drop_off', 0) | indent(4) }}
)

select {{ member_columns() }} from members

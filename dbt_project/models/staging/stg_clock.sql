{{ config(materialized='table') }}

select {{ as_of() }} as as_of

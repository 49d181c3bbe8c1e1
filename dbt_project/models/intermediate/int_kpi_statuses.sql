{{ config(materialized='view') }}

{{ cells_with_status('int_kpi_cells') }}

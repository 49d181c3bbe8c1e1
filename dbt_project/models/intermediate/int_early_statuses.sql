{{ config(materialized='view') }}

{{ cells_with_status('int_early_cells', has_estimator=false) }}

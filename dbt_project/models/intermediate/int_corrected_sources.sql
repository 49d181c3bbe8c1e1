-- Sources of which this run finds events corrected or deleted.
with corrected as (
    select * from {{ ref('stg_corrected_rows') }}
    where landing_table = 'touchpoint_events'
)

select distinct source from corrected

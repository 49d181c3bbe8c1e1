with corrected as (
    select * from {{ source('raw', 'corrected_rows') }}
),

new_batches as (
    select * from {{ ref('stg_new_batches') }}
),

renamed as (
    select
        source,
        landing_table,
        row_id,
        nullif(customer_id, '') as customer_id,
        nullif(case_id, '') as case_id
    from corrected
    where
        (source, batch_id) in (
            select
                new_batches.source,
                new_batches.batch_id
            from new_batches
        )
)

select * from renamed

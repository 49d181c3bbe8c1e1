with listed as (
    select * from {{ source('raw', 'measuring_batches') }}
),

measured as (
    select * from {{ source('raw', 'measured_batches') }}
),

fresh as (
    select
        listed.source,
        listed.batch_id
    from listed
    left join measured
        on
            listed.source = measured.source
            and listed.batch_id = measured.batch_id
            and listed.load_number = measured.load_number
    where measured.batch_id is null
)

select * from fresh

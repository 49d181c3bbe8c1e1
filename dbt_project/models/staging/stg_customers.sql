with customers as (
    select * from {{ source('raw', 'customers') }}
),

renamed as (
    select
        customer_id,
        consent,
        segments,
        valid_from,
        source,
        batch_id
    from customers
)

select * from renamed

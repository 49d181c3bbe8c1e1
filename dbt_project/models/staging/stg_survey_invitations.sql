with invitations as (
    select * from {{ source('raw', 'survey_invitations') }}
),

renamed as (
    select
        invitation_id,
        source,
        batch_id,
        customer_id,
        case_id,
        touchpoint,
        survey,
        invited_at,
        eligible as is_eligible,
        segments
    from invitations
)

select * from renamed

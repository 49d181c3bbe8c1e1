-- Each profile taken apart: once for all customers, once for each segment and combination that the map declares. What
-- lies outside of the map's viewpoint is not there.
with profiles as (
    select
        journey,
        profile
    from {{ ref('int_journey_instances') }}
    union
    select
        journey,
        profile
    from {{ ref('int_placed_sayings') }}
    union
    select
        journey,
        profile
    from {{ ref('int_period_counts') }}
),

segments as (
    select * from {{ ref('stg_map_segments') }}
    where is_current
),

parts as (
    select * from {{ ref('int_segment_parts') }}
),

viewpoints as (
    select * from {{ ref('stg_map_viewpoints') }}
    where is_current
),

part_values as (
    select
        profiles.journey,
        profiles.profile,
        parts.part,
        {{ profile_value('profiles.profile', 'parts.part_number') }} as part_value
    from profiles
    inner join parts on profiles.journey = parts.journey
),

outside as (
    select distinct
        part_values.journey,
        part_values.profile
    from part_values
    inner join viewpoints
        on part_values.journey = viewpoints.journey and part_values.part = viewpoints.segment
    where not exists (
        select 1
        from viewpoints as allowed
        where
            allowed.journey = part_values.journey
            and allowed.segment = part_values.part
            and allowed.segment_value = part_values.part_value
    )
),

split as (
    select
        journey,
        profile,
        'all' as segment,
        'all' as segment_value
    from profiles
    union all
    select
        part_values.journey,
        part_values.profile,
        segments.segment,
        string_agg(part_values.part_value, '+' order by segments.part_position) as segment_value
    from part_values
    inner join segments on part_values.journey = segments.journey and part_values.part = segments.part
    group by part_values.journey, part_values.profile, segments.segment
),

inside as (
    select split.*
    from split
    left join outside on split.journey = outside.journey and split.profile = outside.profile
    where outside.profile is null
),

numbered as (
    select
        *,
        cast(dense_rank() over (order by journey, segment, segment_value) as integer) as segment_number
    from inside
)

select * from numbered

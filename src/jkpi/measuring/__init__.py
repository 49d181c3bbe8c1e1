"""Compute the KPIs with dbt, in a process of its own."""

"""Scripts behind the make targets. Run them from the root of the checkout, as `python -m scripts.airflow`."""

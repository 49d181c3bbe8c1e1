"""What the make targets start: run them from the root of the checkout, as `python -m scripts.airflow`."""

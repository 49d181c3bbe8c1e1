"""The living map: one self-contained HTML page a journey, built from the marts."""

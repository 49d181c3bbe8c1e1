"""The workspace whose readings a test writes by hand, for generated worlds too."""

from tests.alerts.conftest import make_world as make_world

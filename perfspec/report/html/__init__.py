"""``report.html`` and the page of ``compare``: one file that needs no network."""

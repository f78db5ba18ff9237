"""One module a resource, with its views; what each needs of its caller stands in `access/guard.py`."""

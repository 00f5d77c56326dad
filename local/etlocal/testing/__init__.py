"""The pytest plugin: a stack for the session, a clean harness for each test.

Installed with etlocal and found by pytest (entry point ``pytest11``, `etlocal.testing.plugin`); the
classes that its fixtures give are in `etlocal.testing.harness`.
"""

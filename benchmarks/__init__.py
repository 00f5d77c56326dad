"""How fast etlocal and the pipeline on it are: ``python -m benchmarks``, or ``make bench``.

Every figure is a ratio's half: what is measured and what it is measured against are taken in turn,
in one run, on one machine.
"""

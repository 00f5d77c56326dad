"""``python -m etlocal``."""

from etlocal.cli import main

if __name__ == "__main__":
    main()

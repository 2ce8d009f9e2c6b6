"""`python -m suandian` is the command `suandian`."""

from suandian.apps.cli import main

if __name__ == "__main__":
    main()

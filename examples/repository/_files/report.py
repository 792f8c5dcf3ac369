"""Prints the revenue rows it is given."""
import sys

for line in sys.stdin:
    print(line.rstrip())

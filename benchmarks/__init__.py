"""How fast the tool is, beside floors and peers that do the same work. One command: `python -m benchmarks`."""

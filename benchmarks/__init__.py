"""What svmrun costs, measured beside a shell script or another tool in the same run: `python -m benchmarks.NAME`."""

"""The Numenta Anomaly Benchmark (Lavin and Ahmad 2015): anomalies in streams, told as they come."""

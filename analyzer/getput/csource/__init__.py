"""Kernel C read without a compiler: functions cut out of a file, masked, and parsed into plain values."""

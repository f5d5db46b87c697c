"""Tuning: search an activation's parameters, then ask fresh seeds whether the winner is one."""

"""Every touch of the machine."""

"""Rules of meaning: what is valid, and yet not what an administrator should run. Pure."""

"""What makes a machine run and recover by itself: units of systemd, lines of cron, a manifest of SMF. Pure texts."""

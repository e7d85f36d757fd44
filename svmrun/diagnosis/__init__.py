"""What is wrong with a host, and who left it so. Pure: what was seen comes in, findings come out."""

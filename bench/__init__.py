"""How fast the lab is, beside what people use today, measured in one run: `make bench` prints the
table of docs/speed.md."""

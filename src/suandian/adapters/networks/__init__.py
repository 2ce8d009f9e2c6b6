"""Networks from outside: YAML tables, pandapower, SimBench, and the shipped ones by name."""

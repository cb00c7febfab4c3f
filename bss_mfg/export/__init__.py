"""What leaves the factory: control logs, tables, and the programming data of the line."""

"""What every room may use: files, TOML, packaged resources, processes, tasks on any executor, text, the clock."""

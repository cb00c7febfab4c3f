"""What is uploaded so that Amazon knows each device: control logs, feedback files, upload."""

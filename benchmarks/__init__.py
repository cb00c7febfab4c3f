"""How fast bss-mfg is, next to the straightforward program: see README.md."""

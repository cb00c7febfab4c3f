"""What a designer writes: templates, media, fonts, artwork, printers; read and checked."""

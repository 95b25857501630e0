"""Style, shapes, glyphs, letters and fonts of a drawing."""

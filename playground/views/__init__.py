"""The live views, one folder each: what passes (frame), who looks (probe), who draws (panel)."""

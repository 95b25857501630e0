"""A drawing as SVG, PDF, DOT, TikZ, Mermaid, JSON, and as the scene of the page."""

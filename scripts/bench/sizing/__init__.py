"""How well a size is chosen: judged on measured runs, beside known methods."""

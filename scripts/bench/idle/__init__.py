"""Where the paid time of a cluster goes: a plain chain of states beside this project's two ways to hand over steps."""

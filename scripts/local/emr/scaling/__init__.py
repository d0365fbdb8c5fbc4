"""Scaling of a ready cluster: custom automatic scaling per instance group, and managed scaling of the whole cluster.

`scaler` decides when to look, `custom` and `managed` what to do about what they see in YARN's log, `metrics` reads it.
"""

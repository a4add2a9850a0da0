"""The workstation on screen; the only place that imports textual."""

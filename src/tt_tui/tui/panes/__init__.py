"""The windows of the workspace, one module a pane."""

"""What covers the workspace for a moment."""

"""What touches the machine: files, logs, tasks, HTTP."""

"""The command line of the workstation: grammar and registry, no Textual."""

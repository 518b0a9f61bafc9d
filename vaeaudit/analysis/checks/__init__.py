"""The questions that an audit asks, a file each; `registry` finds them, and those of installed plug-ins."""

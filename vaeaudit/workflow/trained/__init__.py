"""What is learned, in memory: of a table or of pictures. Importing this imports TensorFlow; see `workflow.builder`."""

"""The commands, one module each: ``COMMAND`` describes it and names the function that runs it."""

"""What the commands print: problems, decisions, rules, summaries, drawn for a terminal."""

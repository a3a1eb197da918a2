"""What else could make a read-out: length, register, emotion, position, words or context, each taken out or varied."""

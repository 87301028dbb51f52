"""Two sides at once: each virtual user is two, who send the same requests in alternating order."""

"""Whether samples out of a guide prove a spec: what they show, what they leave open, what they contradict."""

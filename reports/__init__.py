"""What is accounted for at the end of a month: availability, restitution, how the roll-out comes along."""

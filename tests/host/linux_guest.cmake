# The host's side of a Linux guest, joined to the agent over a link of the test.

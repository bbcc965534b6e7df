# The monitor of process guests: static, so that nothing of the guest's environment reaches it.
hp_program(hyprobe-guest SOURCES hyprobe-guest.cpp DEPS hp_handler_plain hp_guest_plain STATIC_PIE)

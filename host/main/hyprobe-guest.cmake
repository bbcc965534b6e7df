# The monitor of process guests: static, so that nothing of the guest's environment reaches it.
hp_program(hyprobe-guest SOURCES hyprobe-guest.cpp monitor_heap.cpp DEPS hp_handler_plain hp_guest_plain STATIC_PIE)
# The heap is memset and malloc themselves: the compiler must not see through them.
set_source_files_properties(monitor_heap.cpp PROPERTIES COMPILE_OPTIONS "-fno-builtin-malloc;-fno-builtin-calloc;-fno-builtin-free")

# The daemon, its control program and the starter of guests. They need no compiler: --as-needed keeps
# LLVM's shared library, which hp_host's other users want, out of processes of which there are hundreds.
hp_program(probed SOURCES probed.cpp DEPS hp_host)
target_link_options(probed PRIVATE -Wl,--as-needed)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/probectl*.cpp)
hp_program(probectl SOURCES ${sources} DEPS hp_host)
target_link_options(probectl PRIVATE -Wl,--as-needed)
hp_program(probevm SOURCES probevm.cpp probevm_run.cpp run_config.cpp guest_machine.cpp
  guest_member.cpp DEPS hp_host hp_machine hp_virtio util)
target_link_options(probevm PRIVATE -Wl,--as-needed)

# The daemon, its control program and the starter of guests. They need no compiler: --as-needed keeps
# LLVM's shared library, which hp_host's other users want, out of processes of which there are hundreds.
foreach(program probed probectl)
  hp_program(${program} SOURCES ${program}.cpp DEPS hp_host)
  target_link_options(${program} PRIVATE -Wl,--as-needed)
endforeach()
hp_program(probevm SOURCES probevm.cpp probevm_run.cpp run_config.cpp guest_machine.cpp
  guest_member.cpp DEPS hp_host hp_machine hp_virtio util)
target_link_options(probevm PRIVATE -Wl,--as-needed)

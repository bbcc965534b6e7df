# The daemon, its control program and the starter of guests. They need no compiler: --as-needed keeps
# LLVM's shared library, which hp_host's other users want, out of processes of which there are hundreds.
foreach(program probed probectl probevm)
  hp_program(${program} SOURCES ${program}.cpp DEPS hp_host)
  target_link_options(${program} PRIVATE -Wl,--as-needed)
endforeach()

# hyprobe.ko for the kernels that tools/kernels unpacked, or, without these, whose headers are installed:
# build/rig/module-6.1/hyprobe.ko and module-6.12. Where a kernel's headers are missing its target is left out; where they
# are there, a module that does not build fails the build.
set(module_source ${CMAKE_SOURCE_DIR}/guest/linux/module)
set(kernels $ENV{HYPROBE_KERNELS})
if(NOT kernels)
  set(kernels ${CMAKE_SOURCE_DIR}/build/rig/kernels)
endif()

function(hp_kernel_module SERIES)
  file(GLOB images CONFIGURE_DEPENDS ${kernels}/${SERIES}/boot/vmlinuz-*)
  file(GLOB headers CONFIGURE_DEPENDS /usr/src/linux-headers-${SERIES}.*-cloud-amd64)
  if(images)
    list(GET images -1 image)
    string(REGEX REPLACE ".*/vmlinuz-" "" release ${image})
    set(headers /usr/src/linux-headers-${release})
  endif()
  list(SORT headers COMPARE NATURAL)
  if(NOT headers)
    message(STATUS "hyprobe.ko for ${SERIES}: no headers (tools/kernels installs them)")
    return()
  endif()
  list(GET headers -1 headers)
  if(NOT EXISTS ${headers}/Makefile)
    message(STATUS "hyprobe.ko for ${SERIES}: no ${headers} (tools/kernels installs it)")
    return()
  endif()
  set(out ${CMAKE_SOURCE_DIR}/build/rig/module-${SERIES})
  file(GLOB sources CONFIGURE_DEPENDS ${module_source}/*)
  add_custom_command(OUTPUT ${out}/hyprobe.ko
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND make -s -C ${module_source} KDIR=${headers} O=${out}
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/transport/include/transport/abi.h
            ${CMAKE_SOURCE_DIR}/transport/include/transport/trace.h ${headers}/Module.symvers
    COMMENT "Building hyprobe.ko for ${headers}" VERBATIM)
  add_custom_target(module-${SERIES} ALL DEPENDS ${out}/hyprobe.ko)
endfunction()

if(EXISTS ${module_source}/Kbuild AND NOT HP_SANITIZE)
  foreach(series 6.1 6.12)
    hp_kernel_module(${series})
  endforeach()
endif()

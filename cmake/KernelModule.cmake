# hyprobe.ko for the kernels that tools/kernels unpacked, or, without these, whose headers are installed:
# build/rig/module-6.1/hyprobe.ko and module-6.12. Where a kernel's headers are missing its target is left out; where they
# are there, a module that does not build fails the build.
set(module_source ${CMAKE_SOURCE_DIR}/guest/linux/module)
set(kernels $ENV{HYPROBE_KERNELS})
if(NOT kernels)
  set(kernels ${CMAKE_SOURCE_DIR}/build/rig/kernels)
endif()

# hp_kernel_headers(SERIES VARIABLE): the folder to build modules in, or nothing and a message.
function(hp_kernel_headers SERIES VARIABLE)
  set(${VARIABLE} "" PARENT_SCOPE)
  file(GLOB images CONFIGURE_DEPENDS ${kernels}/${SERIES}/boot/vmlinuz-*)
  file(GLOB headers CONFIGURE_DEPENDS /usr/src/linux-headers-${SERIES}.*-cloud-amd64)
  list(SORT headers COMPARE NATURAL)
  if(images)
    list(GET images -1 image)
    string(REGEX REPLACE ".*/vmlinuz-" "" release ${image})
    set(headers /usr/src/linux-headers-${release})
  elseif(headers)
    list(GET headers -1 headers)
  endif()
  if(NOT headers OR NOT EXISTS ${headers}/Makefile)
    message(STATUS "kernel modules for ${SERIES}: no headers (tools/kernels installs them)")
  else()
    set(${VARIABLE} ${headers} PARENT_SCOPE)
  endif()
endfunction()

set(abi ${CMAKE_SOURCE_DIR}/transport/include/transport/abi.h ${CMAKE_SOURCE_DIR}/transport/include/transport/trace.h)

function(hp_kernel_module SERIES HEADERS)
  set(out ${CMAKE_SOURCE_DIR}/build/rig/module-${SERIES})
  file(GLOB sources CONFIGURE_DEPENDS ${module_source}/*)
  add_custom_command(OUTPUT ${out}/hyprobe.ko
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND make -s -C ${module_source} KDIR=${HEADERS} O=${out}
    DEPENDS ${sources} ${abi} ${HEADERS}/Module.symvers
    COMMENT "Building hyprobe.ko for ${HEADERS}" VERBATIM)
  add_custom_target(module-${SERIES} ALL DEPENDS ${out}/hyprobe.ko)
endfunction()

# hp_test_module(SERIES HEADERS NAME FOLDER): one C file and a Kbuild, to build/rig/NAME-SERIES/NAME.ko.
function(hp_test_module SERIES HEADERS NAME FOLDER)
  set(out ${CMAKE_SOURCE_DIR}/build/rig/${NAME}-${SERIES})
  add_custom_command(OUTPUT ${out}/${NAME}.ko
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}/include/transport
    COMMAND ${CMAKE_COMMAND} -E copy ${FOLDER}/Kbuild ${FOLDER}/${NAME}.c ${out}
    COMMAND ${CMAKE_COMMAND} -E copy ${abi} ${out}/include/transport
    COMMAND make -s -C ${HEADERS} M=${out} modules
    DEPENDS ${FOLDER}/Kbuild ${FOLDER}/${NAME}.c ${abi} ${HEADERS}/Module.symvers
    COMMENT "Building ${NAME}.ko for ${HEADERS}" VERBATIM)
  add_custom_target(${NAME}-${SERIES} ALL DEPENDS ${out}/${NAME}.ko)
endfunction()

if(EXISTS ${module_source}/Kbuild AND NOT HP_SANITIZE)
  foreach(series 6.1 6.12)
    hp_kernel_headers(${series} headers)
    if(headers)
      hp_kernel_module(${series} ${headers})
      hp_test_module(${series} ${headers} hostile ${CMAKE_SOURCE_DIR}/tests/rig/hostile)
    endif()
  endforeach()
endif()

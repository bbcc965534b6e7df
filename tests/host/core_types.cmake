# Programs compiled against the types of one kernel, run on another's.
find_package(PkgConfig REQUIRED)
pkg_check_modules(BPF REQUIRED IMPORTED_TARGET libbpf)
hp_test(core_types_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/core_types_test.cpp
        DEPS hp_host hp_probec hp_handler hp_core_types PkgConfig::BPF)
if(TARGET hp_machine)
  hp_test(core_debian_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/core_debian_test.cpp
          DEPS hp_machine hp_probec hp_core_types)
endif()

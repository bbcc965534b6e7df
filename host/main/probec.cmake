if(TARGET hp_probec)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(CAPSTONE REQUIRED IMPORTED_TARGET capstone)
  hp_program(probec SOURCES probec.cpp probec_cli.cpp probec_command.cpp probec_compilation.cpp probec_disassembly.cpp
    probec_kernel.cpp probec_link.cpp probec_listing.cpp probec_report.cpp probec_run.cpp probec_session.cpp
    DEPS hp_linux_guest hp_core_types hp_host hp_probec PkgConfig::CAPSTONE)
  target_compile_definitions(probec PRIVATE HP_VERSION="${PROJECT_VERSION}")
endif()

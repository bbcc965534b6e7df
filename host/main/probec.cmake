if(TARGET hp_probec)
  hp_program(probec SOURCES probec.cpp probec_cli.cpp probec_command.cpp DEPS hp_host hp_probec)
  target_compile_definitions(probec PRIVATE HP_VERSION="${PROJECT_VERSION}")
endif()

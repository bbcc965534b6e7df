# Code generation: D programs compiled, linked and fired with made-up firings.
file(GLOB codegen_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/codegen/*_test.cpp)
list(REMOVE_ITEM codegen_tests ${CMAKE_CURRENT_LIST_DIR}/codegen/runtime_test.cpp)
hp_test(codegen_test SOURCES ${codegen_tests} ${CMAKE_CURRENT_LIST_DIR}/codegen/generate.cpp DEPS hp_host hp_probec hp_codegen hp_handler)

# The runtime compiled natively, with the primitives of hp_handler.
file(GLOB runtime_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/probec/runtime/*.cpp)
hp_test(runtime_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/codegen/runtime_test.cpp ${runtime_sources}
        DEPS hp_handler)

# Compiler settings and the two functions every folder uses.
#
#   hp_library(NAME SOURCES... [DEPS target...] [IN_GUEST])
#       A static library with the public headers of ${CMAKE_CURRENT_SOURCE_DIR}/include.
#       IN_GUEST: the library is also linked into the static-pie guest monitor. No sanitizer
#       runtime supports static-pie, so sanitizer presets build a second, plain variant NAME_plain;
#       otherwise NAME_plain is an alias of NAME.
#   hp_program(NAME SOURCES... DEPS target... [STATIC_PIE])
#       A program in build/bin, whichever preset builds it; those of the sanitizer and package presets in their own folder.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

option(HP_ASSERTS "Keep internal consistency checks that cost time" OFF)
option(HP_OWN_BIN_DIR "Programs in this build's own folder, not in build/bin" OFF)
set(HP_SANITIZE "" CACHE STRING "Sanitizers for everything but the static-pie guest monitor")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers -fno-strict-aliasing
                    "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wsuggest-override>")
if(HP_ASSERTS)
  add_compile_definitions(HP_ASSERTS=1 _GLIBCXX_ASSERTIONS)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # std::string assignments at -O3 are reported falsely (GCC bug 105651).
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # libstdc++ 12's own std::stable_sort uses what it marks as deprecated.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()
find_package(Threads REQUIRED)

if(HP_SANITIZE OR HP_OWN_BIN_DIR)
  set(HP_BIN_DIR ${CMAKE_BINARY_DIR}/bin)
else()
  set(HP_BIN_DIR ${CMAKE_SOURCE_DIR}/build/bin)
endif()
if(HP_SANITIZE)
  set(HP_SANITIZE_FLAGS -fsanitize=${HP_SANITIZE} -fno-omit-frame-pointer)
  # GCC's flow warnings see objects that the instrumented code does not have.
  list(APPEND HP_SANITIZE_FLAGS $<$<CXX_COMPILER_ID:GNU>:-Wno-free-nonheap-object>)
  if(HP_SANITIZE STREQUAL "thread")
    # Asio fences with atomic_thread_fence, which ThreadSanitizer does not follow.
    list(APPEND HP_SANITIZE_FLAGS $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()

function(hp_library NAME)
  cmake_parse_arguments(A "IN_GUEST" "" "SOURCES;DEPS" ${ARGN})
  add_library(${NAME} STATIC ${A_SOURCES} ${A_UNPARSED_ARGUMENTS})
  target_include_directories(${NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_link_libraries(${NAME} PUBLIC ${A_DEPS} Threads::Threads)
  if(HP_SANITIZE)
    target_compile_options(${NAME} PRIVATE ${HP_SANITIZE_FLAGS})
    target_link_options(${NAME} INTERFACE ${HP_SANITIZE_FLAGS})
  endif()
  if(A_IN_GUEST)
    if(HP_SANITIZE)
      add_library(${NAME}_plain STATIC ${A_SOURCES} ${A_UNPARSED_ARGUMENTS})
      target_include_directories(${NAME}_plain PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
      set(plain_deps)
      foreach(d ${A_DEPS})
        if(TARGET ${d}_plain)
          list(APPEND plain_deps ${d}_plain)
        else()
          list(APPEND plain_deps ${d})
        endif()
      endforeach()
      target_link_libraries(${NAME}_plain PUBLIC ${plain_deps} Threads::Threads)
    else()
      add_library(${NAME}_plain ALIAS ${NAME})
    endif()
  endif()
endfunction()

# What tools/quickstart builds: `cmake --build --preset release --target programs`.
add_custom_target(programs)

function(hp_program NAME)
  cmake_parse_arguments(A "STATIC_PIE" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${NAME} ${A_SOURCES} ${A_UNPARSED_ARGUMENTS})
  add_dependencies(programs ${NAME})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${HP_BIN_DIR})
  target_link_libraries(${NAME} PRIVATE ${A_DEPS})
  if(A_STATIC_PIE)
    target_compile_options(${NAME} PRIVATE -fPIE)
    target_link_options(${NAME} PRIVATE -static-pie)
  elseif(HP_SANITIZE)
    target_compile_options(${NAME} PRIVATE ${HP_SANITIZE_FLAGS})
    target_link_options(${NAME} PRIVATE ${HP_SANITIZE_FLAGS})
  endif()
endfunction()

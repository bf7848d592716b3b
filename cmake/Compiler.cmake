# Warnings for every target of ours, and what holds for a whole build: sanitizers, ccache.

add_library(baton_warnings INTERFACE)
target_compile_options(baton_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual
  $<$<BOOL:${BATON_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # doctest compares what a test writes as an int; of several files in one, the names of one shadow
  # those of another.
  target_compile_options(baton_warnings INTERFACE
    $<$<BOOL:$<TARGET_PROPERTY:BATON_DOCTEST>>:-Wno-sign-conversion>
    $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>)
endif()

if(BATON_SANITIZE)
  # The three that are left out more than double the time to compile, and find little that `address`
  # does not.
  add_compile_options(-fsanitize=${BATON_SANITIZE} -fno-sanitize=null,alignment,vptr
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BATON_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Two shapes of target. Each takes the .cpp files of the folder that it is called in, as they come
# and go.

# A static library of the folder's files, main.cpp left out. Includes are written from the
# repository's root.
#   baton_library(NAME LINKS TARGET...)
function(baton_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" LINKS)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE baton_warnings)
    # All of them may become part of libbaton.so, which shows nothing of them.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
      CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>
      $<$<BOOL:${BATON_FUZZ}>:-fsanitize=fuzzer-no-link>)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} ${scope} ${arg_LINKS})
endfunction()

# A program of the sources given; none, no program (the folder is still empty).
#   baton_program(NAME SOURCES FILE... LINKS TARGET...)
function(baton_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  if(arg_SOURCES)
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE baton_warnings ${arg_LINKS})
  endif()
endfunction()

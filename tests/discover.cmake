# Writes a file for ctest with one test per TEST_CASE of a doctest program, labelled LABEL and with
# the name of its TEST_SUITE. doctest's own doctest_discover_tests() starts the program once for
# each test instead: with sanitizers that takes longer than to link it.
#   cmake -D PROGRAM=FILE -D LABEL=NAME -D PROPERTIES=LIST -D OUTPUT=FILE -P discover.cmake
execute_process(COMMAND ${PROGRAM} --list-test-cases --reporters=xml OUTPUT_VARIABLE xml
  COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "&lt;" "<" xml "${xml}")
string(REPLACE "&gt;" ">" xml "${xml}")
string(REPLACE "&amp;" "&" xml "${xml}")
if(xml MATCHES ";")
  message(FATAL_ERROR "${PROGRAM}: ctest cannot take ; or \" in the name of a test")
endif()
string(REGEX MATCHALL "<TestCase name=\"[^\"]*\"( testsuite=\"[^\"]*\")?" cases "${xml}")
set(script "")
foreach(case IN LISTS cases)
  string(REGEX MATCH "name=\"([^\"]*)\"( testsuite=\"([^\"]*)\")?" found "${case}")
  set(name "${CMAKE_MATCH_1}")
  set(labels ${LABEL} ${CMAKE_MATCH_3})
  string(REPLACE "," "\\," pattern "${name}")
  string(APPEND script "add_test([==[${LABEL}:${name}]==] [==[${PROGRAM}]==] "
    "[==[--test-case=${pattern}]==])\n"
    "set_tests_properties([==[${LABEL}:${name}]==] PROPERTIES LABELS [==[${labels}]==]")
  foreach(property IN LISTS PROPERTIES)
    string(APPEND script " [==[${property}]==]")
  endforeach()
  string(APPEND script ")\n")
endforeach()
file(WRITE ${OUTPUT} "${script}")

# A project that has the sources inside its own: -DBATON_SOURCE=DIR.
cmake_minimum_required(VERSION 3.25)
project(around LANGUAGES C CXX)
set(BATON_PROGRAMS OFF)
add_subdirectory(${BATON_SOURCE} baton)
add_executable(job ${BATON_SOURCE}/tests/install/cpp/job.cpp)
target_link_libraries(job PRIVATE baton::baton)

# What the users of the library build with: the shared and the static one, headers, a CMake package,
# a pkg-config file. All of it finds itself, wherever the prefix is moved to.
include(CMakePackageConfigHelpers)

install(TARGETS baton EXPORT baton-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS baton_static EXPORT baton-targets)
install(FILES ${PROJECT_BINARY_DIR}/lib/libbaton.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/baton DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/baton)
install(EXPORT baton-targets NAMESPACE baton:: DESTINATION ${package_dir})
file(WRITE ${PROJECT_BINARY_DIR}/baton-config.cmake
  "include(\"\${CMAKE_CURRENT_LIST_DIR}/baton-targets.cmake\")\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/baton-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/baton-config.cmake
  ${PROJECT_BINARY_DIR}/baton-config-version.cmake DESTINATION ${package_dir})

# From where the file is to the prefix.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
configure_file(${PROJECT_SOURCE_DIR}/library/baton.pc.in ${PROJECT_BINARY_DIR}/baton.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/baton.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# How the program gets elsewhere: installed, as a bundle, as a Debian package.

# `make install` strips it (cmake --install --strip).
install(TARGETS container-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
set(manual ${PROJECT_BINARY_DIR}/manual)
install(FILES ${manual}/container-agent.1
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/container-agent
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual}/_container-agent
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${manual}/container-agent.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# The bundle: the program and the libraries it needs, all but glibc's, in one
# folder that runs wherever it is put, on any base with glibc 2.36 or newer:
#
#   cmake --build build --target bundle
#   cmake --install build --component bundle --strip --prefix /opt/container-agent
#
# Linked for itself, as it looks for its libraries beside it.
if(BUILD_TESTING AND NOT AGENT_SANITIZE)
  add_executable(bundle main/app/main.cpp)
else()
  add_executable(bundle EXCLUDE_FROM_ALL main/app/main.cpp)
endif()
agent_program(bundle)
set_target_properties(bundle PROPERTIES OUTPUT_NAME container-agent
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bundle
  INSTALL_RPATH "$ORIGIN/../lib")
install(TARGETS bundle
  RUNTIME_DEPENDENCY_SET bundled_libraries
  RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL)
install(RUNTIME_DEPENDENCY_SET bundled_libraries
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|pthread|dl|rt)\\.so"
  POST_EXCLUDE_REGEXES "/ld-linux[^/]*$"
  LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)

# The Debian package, by `make package`: build/package/*.deb. Installed below
# /usr and stripped; what it depends on is read from the program.
set(CPACK_GENERATOR DEB)
# Of Unix Makefiles cpack would first build all, the tests as well; `make
# package` has built what is needed.
set(CPACK_CMAKE_GENERATOR Ninja)
set(CPACK_PACKAGE_NAME container-agent)
set(CPACK_PACKAGE_VENDOR "container-agent contributors")
set(CPACK_PACKAGE_CONTACT
  "container-agent contributors <container-agent@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "bridge between Claude Code and two named pipes")
set(CPACK_PACKAGE_DESCRIPTION
"A small daemon that runs Claude Code in a container and bridges it to two
named pipes. A host writes prompts into the one and reads Claude's events
from the other; the agent supervises Claude Code, queues prompts, resumes
the conversation after a crash, and ends in order.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_files.cmake)
include(CPack)

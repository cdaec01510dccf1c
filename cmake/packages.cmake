# How the program gets elsewhere, beside `make install`.

# The bundle: the program and all libraries it needs but glibc's, in one folder
# that runs wherever it is put, on any base with glibc 2.36 or newer:
#
#   cmake --install build --component bundle --strip --prefix /opt/container-agent
#
# Its run-time path names its own libraries only, and only in the bundle: what
# `make install` and the package install takes the system's.
install(TARGETS container-agent
  RUNTIME_DEPENDENCY_SET bundled_libraries
  RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL)
install(RUNTIME_DEPENDENCY_SET bundled_libraries
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|pthread|dl|rt)\\.so"
  POST_EXCLUDE_REGEXES "/ld-linux[^/]*$"
  LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)

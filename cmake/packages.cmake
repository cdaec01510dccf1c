# How the program gets elsewhere, beside `make install`.

# The bundle: the program and the libraries it needs, all but glibc's, in one
# folder that runs wherever it is put, on any base with glibc 2.36 or newer:
#
#   cmake --preset release -DAGENT_BUNDLE=ON
#   cmake --install build --component bundle --strip --prefix /opt/container-agent
option(AGENT_BUNDLE "for --component bundle: finds its libraries beside it" OFF)
if(AGENT_BUNDLE)
  set_target_properties(container-agent PROPERTIES
    INSTALL_RPATH "$ORIGIN/../lib")
  install(TARGETS container-agent
    RUNTIME_DEPENDENCY_SET bundled_libraries
    RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL)
  install(RUNTIME_DEPENDENCY_SET bundled_libraries
    PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|pthread|dl|rt)\\.so"
    POST_EXCLUDE_REGEXES "/ld-linux[^/]*$"
    LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)
endif()

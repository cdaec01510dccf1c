# What we build on, all of it from Debian 12; tools/install-dependencies.sh
# installs it.

# Debian's CAF comes without CMake files.
find_path(CAF_INCLUDE_DIR caf/actor_system.hpp)
find_library(CAF_CORE_LIBRARY caf_core)
if(NOT CAF_INCLUDE_DIR OR NOT CAF_CORE_LIBRARY)
  message(FATAL_ERROR "CAF not found: run 'make deps' (package libcaf-dev)")
endif()
add_library(caf_core INTERFACE)
target_link_libraries(caf_core INTERFACE ${CAF_CORE_LIBRARY})

# For <thread>-using parts of the libraries; we start no thread ourselves.
find_package(Threads REQUIRED)
target_link_libraries(caf_core INTERFACE Threads::Threads)

find_package(nlohmann_json 3.11 REQUIRED)

# Boost.JSON's parser checks a line of 1 KB in 0.3 µs, nlohmann's in 5: that is in
# the way of every line. Compiled here, not Debian's shared library, which
# would be one more thing to install where the agent runs.
add_library(json_compiled STATIC cmake/third_party/json.cpp)
target_compile_options(json_compiled PRIVATE -w)

if(NOT AGENT_FUZZ)
  find_package(Boost 1.81 REQUIRED)

  # Only its core (a shared library of 0.14 MB): the data model, and the text.
  # Pages are served by our own loop.
  find_path(PROMETHEUS_INCLUDE_DIR prometheus/text_serializer.h)
  find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core)
  if(NOT PROMETHEUS_INCLUDE_DIR OR NOT PROMETHEUS_CORE_LIBRARY)
    message(FATAL_ERROR
      "prometheus-cpp not found: run 'make deps' (package prometheus-cpp-dev)")
  endif()

  find_package(CLI11 2 REQUIRED)
  find_path(TOML_INCLUDE_DIR toml++/toml.h) # header-only
  if(NOT TOML_INCLUDE_DIR)
    message(FATAL_ERROR
      "toml++ not found: run 'make deps' (package libtomlplusplus-dev)")
  endif()
  find_package(spdlog 1.10 REQUIRED)

  # Asio is compiled once, here, instead of into every file that includes it:
  # measured on Debian's 1.81 with Boost.Process, a file takes 3.9 s in place of
  # 6.4 s, under the sanitizers 10.5 s in place of 17 s, for one file of 5 s and
  # 17 s. Boost.Process v2 has no such mode in 1.81 and stays header-only.
  add_library(asio_compiled STATIC cmake/third_party/asio.cpp)
  target_compile_definitions(asio_compiled
    PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)
  target_link_libraries(asio_compiled PUBLIC Boost::headers Threads::Threads)

  # spdlog and fmt header-only, not Debian's shared libraries. Measured with a
  # program that writes one line: 2.9 MB against 3.5 MB resident, 1.3 ms against
  # 1.5 ms from start to end, and no run-time package. It costs 5 s of compiling
  # for each file that includes it, so only main/logging does.
  add_library(spdlog_headers INTERFACE)
  target_compile_definitions(spdlog_headers INTERFACE
    SPDLOG_HEADER_ONLY SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
endif()

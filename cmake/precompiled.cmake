# Two sets of precompiled headers, each compiled once and shared. A file must
# still include what it uses: the debug preset builds without them.

set(precompiled_core
  <algorithm> <chrono> <cstdint> <deque> <functional> <map> <memory>
  <optional> <string> <string_view> <system_error> <variant> <vector>
  <caf/actor_system.hpp> <caf/actor_system_config.hpp> <caf/all.hpp>
  <caf/typed_actor.hpp> <caf/typed_event_based_actor.hpp>)

set(precompiled_runtime ${precompiled_core}
  <boost/asio.hpp> <boost/process/v2/process.hpp>
  <boost/process/v2/start_dir.hpp> <boost/process/v2/stdio.hpp>)

set(precompiled_test ${precompiled_core}
  <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)

# agent_precompile(target <header>...)      compiles a set
# agent_precompile(target FROM other)       shares the one of `other`
function(agent_precompile target)
  if(NOT AGENT_PRECOMPILE)
    return()
  endif()
  if(ARGV1 STREQUAL "FROM")
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

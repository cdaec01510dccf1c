# Each fuzzer's corpus, replayed: the fuzzer without libFuzzer, under the
# sanitizers of this build. What a long run finds is added to the corpus and then
# tested here.
file(GLOB replay_sources CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/*_fuzzer.cpp)
foreach(source IN LISTS replay_sources)
  cmake_path(GET source STEM name)
  add_executable(replay_${name} ${source} fuzz/replay_main.cpp)
  agent_own_code(replay_${name})
  set_target_properties(replay_${name} PROPERTIES UNITY_BUILD OFF)
  target_link_libraries(replay_${name} PRIVATE agent_messages)
  add_test(NAME ${AGENT_TEST_PREFIX}replay.${name}
    COMMAND replay_${name} ${CMAKE_CURRENT_LIST_DIR}/corpus)
  set_tests_properties(${AGENT_TEST_PREFIX}replay.${name} PROPERTIES
    LABELS replay TIMEOUT 120)
endforeach()

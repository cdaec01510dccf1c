# The man page and the shells' completions, made of the tables that the program
# reads its command line with: main/manual/.

add_executable(manual_writer EXCLUDE_FROM_ALL main/manual/manual_writer.cpp)
agent_own_code(manual_writer)
target_link_libraries(manual_writer PRIVATE agent_app)

# The same at each build of a state: SOURCE_DATE_EPOCH, if it is set, is the
# date.
string(TIMESTAMP manual_date "%B %d, %Y" UTC)
string(REPLACE " 0" " " manual_date "${manual_date}")

# agent_manual_file(template output): build/manual/<output>
set(manual_files)
function(agent_manual_file template output)
  set(source ${PROJECT_SOURCE_DIR}/main/manual/${template})
  set(result ${PROJECT_BINARY_DIR}/manual/${output})
  add_custom_command(OUTPUT ${result}
    COMMAND manual_writer ${source} ${result} ${manual_date}
    DEPENDS manual_writer ${source} VERBATIM)
  set(manual_files ${manual_files} ${result} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/manual)
agent_manual_file(container-agent.1.in container-agent.1)
agent_manual_file(container-agent.bash.in container-agent)
agent_manual_file(container-agent.zsh.in _container-agent)
agent_manual_file(container-agent.fish.in container-agent.fish)
if(AGENT_SANITIZE)
  add_custom_target(manual DEPENDS ${manual_files})
else()
  add_custom_target(manual ALL DEPENDS ${manual_files})
endif()

# What runs with the sanitized program in each `make test`: cases of
# integration_test that go through every part of it once. `make test-all` runs
# all of them with it.
set(AGENT_SMOKE_CASES
  input.json_goes_to_claude_unchanged
  input.the_agents_own_prompt_may_have_several_lines
  input_refused.random_bytes_are_refused_line_by_line
  output.bytes_may_come_one_by_one
  output.what_is_no_json_is_relayed_too
  text_output.keeps_line_breaks_and_unicode
  cc_bridge.the_reader_gets_its_end_after_each_answer
  raw_mode.outlives_writers
  control.the_host_answers_a_permission_prompt
  faults.a_kill_in_a_turn_is_made_good
  faults.a_lost_session_is_told_and_begun_anew
  faults.a_crash_loop_ends_in_exit_code_5
  stalls.are_interrupted
  shutdown.lets_the_turn_finish
  shutdown.ends_the_childs_own_children
  replaced_pipes.input_replaced_many_times
  two_agents.the_second_is_refused_and_the_first_goes_on
  attaching.a_claude_on_fifos_is_joined_and_answers
  keep_claude.prompts_that_wait_are_there_for_the_next_agent
  state.the_next_agent_goes_on_when_everything_was_killed
  tail.begins_at_the_offset_of_a_record
  nothing_left.when_the_agent_is_killed
  http.pages_tell_of_health_status_and_metrics
  subcommands.restart_claude_is_passed_on
  traces.show_a_prompts_life_across_the_actors
  logging.every_operation_is_told)

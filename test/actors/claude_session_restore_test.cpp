#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

/// What the host has set by control messages is set again in each new Claude,
/// before anything else is sent to it.
namespace container_agent::test {

namespace {

const std::string hooks
  = claude::set("i", R"("subtype":"initialize","hooks":{"Stop":[]})");
const std::string model
  = claude::set("o", R"("subtype":"set_model","model":"opus")");

class claude_session_restore : public claude_session_fixture {
public:
  /// The host sets it, Claude agrees, and all is read.
  void set(const std::string& id, const std::string& line) {
    host(line);
    claude(claude::initialized(id));
    to_claude();
    to_host();
  }

  void set_plan() { set("m", claude::set_mode("m", "plan")); }

  /// What Claude was sent since, line by line.
  std::vector<json> lines_to_claude() {
    std::vector<json> result;
    std::istringstream text{to_claude()};
    for (std::string line; std::getline(text, line);)
      result.push_back(json::parse(line));
    return result;
  }

  /// The only line that it was sent.
  json line_to_claude() {
    auto all = lines_to_claude();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? json{} : all.front();
  }

  /// Another Claude answers `initialize`, and is asked to set this.
  json restart() {
    crash();
    start(true);
    to_claude();
    initialized();
    return line_to_claude();
  }

  static std::string id_of(const json& request) {
    return request.at("request_id").get<std::string>();
  }
};

} // namespace

TEST_F(claude_session_restore,
       the_permission_mode_is_set_before_ready_and_prompts) {
  ready();
  set_plan();
  prompt("u1");
  to_host();
  auto request = restart();
  EXPECT_EQ(request["request"]["subtype"], "set_permission_mode");
  EXPECT_EQ(request["request"]["mode"], "plan");
  EXPECT_TRUE(id_of(request).starts_with("container_agent:restore:"));
  EXPECT_EQ(subtypes(), "claude_exited") << "not ready yet";
  EXPECT_FALSE(session().status().ready);
  claude(claude::initialized(id_of(request)));
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["subtype"], "restored");
  EXPECT_EQ(all[0]["initialize"], false);
  EXPECT_EQ(all[0]["settings"], json::array({"set_permission_mode"}));
  EXPECT_EQ(all[0]["refused"], json::array());
  EXPECT_EQ(all[1]["subtype"], "ready");
  EXPECT_EQ(all[2]["subtype"], "resent");
  EXPECT_EQ(relayed, "") << "the host did not ask";
}

TEST_F(claude_session_restore, whoever_wants_the_restart) {
  ready();
  set_plan();
  session().on_restart_claude(restart_claude{"asked for", false});
  child_ended end;
  end.renewal = "asked for";
  end_child(end);
  start(true);
  to_claude();
  initialized();
  EXPECT_EQ(line_to_claude()["request"]["mode"], "plan");
}

TEST_F(claude_session_restore, without_any_ready_comes_as_ever) {
  ready();
  crash();
  start_ready(true);
  EXPECT_EQ(subtypes(), "claude_exited ready");
}

TEST_F(claude_session_restore, nothing_is_sent_if_claude_refuses_the_mode) {
  ready();
  set_plan();
  prompt("u1");
  auto request = restart();
  to_host();
  claude(claude::refused(id_of(request)));
  auto told = record();
  EXPECT_EQ(told["subtype"], "restored");
  EXPECT_EQ(told["refused"], json::array({"set_permission_mode"}));
  EXPECT_NE(told["detail"], nullptr);
  EXPECT_EQ(to_claude(), "");
  EXPECT_FALSE(session().status().ready);
  EXPECT_NE(session().status().blocked.find("set_permission_mode"),
            std::string::npos);
  EXPECT_EQ(session().watched(), claude_session::stall_watch{})
    << "it has answered";
  prompt("u2");
  host(model);
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_restore, the_next_claude_is_asked_again) {
  ready();
  set_plan();
  claude(claude::refused(id_of(restart())));
  session().on_restart_claude(restart_claude{"asked for", false});
  EXPECT_NE(session().renewal(), nullptr);
  auto request = restart();
  EXPECT_EQ(request["request"]["mode"], "plan");
  claude(claude::initialized(id_of(request)));
  EXPECT_TRUE(session().status().ready);
  EXPECT_EQ(session().status().blocked, "");
}

TEST_F(claude_session_restore, even_with_a_prompt_that_can_not_be_sent) {
  ready();
  set_plan();
  prompt("u1");
  claude(claude::refused(id_of(restart())));
  session().on_restart_claude(restart_claude{"asked for", false});
  EXPECT_NE(session().renewal(), nullptr) << "no turn runs";
}

TEST_F(claude_session_restore, the_host_may_set_another_mode) {
  ready();
  set_plan();
  prompt("u1");
  claude(claude::refused(id_of(restart())));
  to_host();
  auto other = claude::set_mode("m2", "default");
  host(other);
  EXPECT_EQ(to_claude(), other + '\n');
  claude(claude::initialized("m2"));
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  EXPECT_EQ(subtypes(), "ready resent");
  EXPECT_EQ(relayed, claude::initialized("m2"));
}

// Behind the later one it would undo it.
TEST_F(claude_session_restore,
       what_the_host_has_set_meanwhile_keeps_its_order) {
  ready();
  set_plan();
  prompt("u1");
  crash();
  start(true);
  auto earlier = claude::set_mode("m1", "bypassPermissions");
  host(earlier);
  to_claude();
  initialized();
  claude(claude::refused(id_of(line_to_claude())));
  EXPECT_EQ(to_claude(), earlier + '\n');
  auto later = claude::set_mode("m2", "default");
  host(later);
  EXPECT_EQ(to_claude(), later + '\n');
}

TEST_F(claude_session_restore,
       a_mode_without_an_answer_is_told_and_tried_again) {
  ready();
  set_plan();
  prompt("u1");
  restart();
  to_host();
  EXPECT_EQ(session().watched().what, stall_kind::start);
  session().on_stall();
  EXPECT_EQ(record()["refused"], json::array({"set_permission_mode"}));
  ASSERT_NE(session().renewal(), nullptr);
  EXPECT_TRUE(session().renewal()->fault);
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_restore,
       another_setting_without_an_answer_makes_none_ready) {
  ready();
  set("o", model);
  prompt("u1");
  restart();
  session().on_stall();
  EXPECT_EQ(to_claude(), "");
  EXPECT_FALSE(session().status().ready);
}

TEST_F(claude_session_restore, another_setting_that_is_refused_is_told) {
  ready();
  set("o", model);
  auto request = restart();
  to_host();
  claude(claude::refused(id_of(request)));
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["refused"], json::array({"set_model"}));
  EXPECT_FALSE(all[0].contains("detail"));
  EXPECT_EQ(all[1]["subtype"], "ready");
}

TEST_F(claude_session_restore, what_the_host_allowed_in_an_answer_counts) {
  ready();
  set_plan();
  claude(claude::mode_changed("acceptEdits"));
  EXPECT_EQ(restart()["request"]["mode"], "acceptEdits");
}

// A resumed session may come back in a mode that it had long ago.
TEST_F(claude_session_restore, what_a_new_claude_begins_with_does_not) {
  ready();
  set("m", claude::set_mode("m", "default"));
  crash();
  start(true);
  to_claude();
  claude(claude::mode_changed("plan"));
  initialized();
  EXPECT_EQ(line_to_claude()["request"]["mode"], "default");
}

TEST_F(claude_session_restore,
       what_claude_has_not_acknowledged_is_sent_as_it_is) {
  ready();
  auto plan = claude::set_mode("m", "plan");
  host(plan);
  prompt("u1");
  to_claude();
  crash();
  start(true);
  to_claude();
  to_host();
  initialized();
  EXPECT_EQ(to_claude(), plan + '\n');
  EXPECT_EQ(subtypes(), "");
  claude(claude::initialized("m"));
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  EXPECT_EQ(subtypes(), "ready resent");
  EXPECT_EQ(relayed, claude::initialized("m")) << "the host has its answer";
}

TEST_F(claude_session_restore,
       the_hosts_initialize_takes_the_place_of_the_plain_one) {
  ready();
  set("i", hooks);
  crash();
  to_host();
  start(true);
  auto request = line_to_claude();
  EXPECT_EQ(request["request"]["hooks"], json::parse(R"({"Stop":[]})"));
  EXPECT_EQ(id_of(request), "container_agent:initialize:2");
  initialized();
  auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["subtype"], "restored");
  EXPECT_EQ(all[0]["initialize"], true);
  EXPECT_EQ(all[1]["subtype"], "ready");
  EXPECT_EQ(relayed, "");
}

TEST_F(claude_session_restore, of_two_hosts_the_last_one_counts) {
  ready();
  set("i", hooks);
  set("j", claude::set("j", R"("subtype":"initialize","agents":{"a":{}})"));
  crash();
  start(true);
  auto request = line_to_claude();
  EXPECT_TRUE(request["request"].contains("agents"));
  EXPECT_FALSE(request["request"].contains("hooks"));
}

TEST_F(claude_session_restore, without_the_hosts_hooks_nothing_is_sent) {
  ready();
  set("i", hooks);
  prompt("u1");
  crash();
  start(true);
  to_claude();
  claude(claude::refused("container_agent:initialize:2"));
  EXPECT_EQ(to_claude(), "");
  EXPECT_NE(session().status().blocked.find("initialize"), std::string::npos);
}

TEST_F(claude_session_restore, in_transparent_mode_the_host_begins_anew) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  start();
  set_plan();
  set("i", hooks);
  crash();
  to_host();
  start(true);
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(to_host(), "");
}

// -- under the next agent -----------------------------------------------------

TEST_F(claude_session_restore, the_next_agent_sets_it_in_a_new_claude) {
  ready();
  set("i", hooks);
  set_plan();
  next_agent();
  start(true);
  EXPECT_TRUE(line_to_claude()["request"].contains("hooks"));
  initialized();
  EXPECT_EQ(line_to_claude()["request"]["mode"], "plan");
}

TEST_F(claude_session_restore,
       the_next_agent_leaves_a_claude_that_has_it_alone) {
  ready();
  set("i", hooks);
  set_plan();
  to_host();
  to_claude();
  next_agent();
  take_up();
  EXPECT_EQ(subtypes(), "ready");
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_restore,
       the_next_agent_sets_it_in_one_that_was_not_ready) {
  ready();
  set_plan();
  crash();
  start(true);
  to_claude();
  next_agent();
  attach();
  initialized();
  EXPECT_EQ(line_to_claude()["request"]["mode"], "plan");
  EXPECT_FALSE(session().status().ready);
}

TEST_F(claude_session_restore, the_next_agent_hears_the_answer) {
  ready();
  auto plan = claude::set_mode("m", "plan");
  host(plan);
  to_claude();
  next_agent();
  take_up();
  claude(claude::initialized("m"));
  EXPECT_EQ(to_claude(), "");
  crash();
  start(true);
  to_claude();
  initialized();
  EXPECT_EQ(line_to_claude()["request"]["mode"], "plan");
}

} // namespace container_agent::test

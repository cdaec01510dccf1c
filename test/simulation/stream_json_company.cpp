#include "actors/session/claude_session.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/trace_id.hpp"
#include "test/simulation/child_house.hpp"
#include "test/simulation/claude_life.hpp"
#include "test/simulation/company.hpp"
#include "test/simulation/line_text.hpp"
#include "test/simulation/run_plan.hpp"
#include "test/simulation/simulated_host.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace container_agent::simulation {

namespace {

// The session that these arguments resume; empty if none.
std::string resumed_by(const std::vector<std::string>& arguments) {
  auto i = std::find(arguments.begin(), arguments.end(), "--resume");
  return i == arguments.end() || i + 1 == arguments.end() ? std::string{}
                                                          : *(i + 1);
}

// What was said last may not have been dealt with by a record: it is then read
// again. Closed prompts are remembered in another order, and with those that
// are not closed. A new Claude has begun nothing and has told nothing of
// itself.
std::string comparable(codec::kept_conversation kept) {
  std::set<std::string> open;
  for (auto& p : kept.prompts) {
    open.insert(to_string(trace_id_of(p.uuid)));
    p.begun = p.begun && kept.ready;
  }
  std::erase_if(kept.closed, [&](auto& p) {
    p.continued_as.clear();
    return open.contains(p.uuid);
  });
  std::ranges::sort(kept.closed, {}, &codec::closed_prompt::uuid);
  std::ranges::stable_sort(kept.settings, {}, [](const auto& s) {
    return std::pair{!s.acknowledged, s.line};
  });
  // Those in flight are told from those that wait by how often they were sent;
  // one that was accepted again may have been sent in another order.
  auto waiting = std::ranges::stable_partition(
    kept.prompts, [](const auto& p) { return p.sent > 0; });
  std::ranges::sort(kept.prompts.begin(), waiting.begin(), {},
                    [](const auto& p) { return p.input.from; });
  kept.lifecycle = kept.lifecycle && kept.ready;
  for (auto& request : kept.open_requests)
    request.about.subject.clear(); // one is redacted
  kept.pid = kept.ready ? kept.pid : 0;
  kept.left_out.clear();
  kept.input = kept.held_from = 0;
  return text_of(kept);
}

// What Claude was given.
struct given_lines {
  bool has_twice = false;          // a request of the host's
  std::set<std::string> prompts{}; // to the last child
};

given_lines given_in(const stream_log& to_child) {
  given_lines result;
  std::set<std::string> ids;
  for_each_line(to_child, to_child.begin(), [&](std::string_view line) {
    auto id = member(line, "request_id");
    if (line.find(initialize_prefix()) != std::string_view::npos)
      result.prompts.clear(); // the host's initialize, too, in the agent's name
    else if (id.starts_with("host-") && !ids.insert(id).second)
      result.has_twice = true;
    if (member(line, "type") == "user")
      result.prompts.insert(
        member(line.substr(line.rfind("\"uuid\"")), "uuid"));
  });
  return result;
}

// What outlives the agents, beside the child.
struct conversation_bytes {
  log_bytes input;
  log_bytes to_child;
  log_bytes events;
  log_bytes replies;
  std::uint64_t host_position = 0;
  std::uint64_t host_read_to = 0; // as far as was noted
  simulated_host_outlet::ranges gone;
  std::uint64_t noted_input = 0; // dealt with up to there
};

// An agent's own parts, put together as main/wiring does.
struct agent_parts {
  agent_parts(run_context& run, const newcomer& agent, const run_plan& plan,
              conversation_bytes& bytes, child_house& house, pipe& from_host)
    : input_log{run, agent.life, bytes.input},
      to_child{run, agent.life, bytes.to_child},
      events{run, agent.life, bytes.events},
      replies{run, agent.life, bytes.replies},
      input{run, agent.life, input_log, simulated_inlet::kind::fifo},
      child{run, agent.life, house, to_child, events},
      stream{run, agent.life, events},
      reply_output{run, replies, bytes.host_position},
      has_replies{plan.session.encoder == encoder_kind::replies},
      protocol{plan.session,
               {input_log, to_child, events, has_replies ? &replies : nullptr,
                [&bytes, &life = agent.life](std::uint64_t to) {
                  if (life.alive())
                    bytes.noted_input = to;
                }},
               agent.context,
               kept_in(bytes),
               child.found()} {
    input.open(from_host);
  }

  codec::kept_conversation kept_in(const conversation_bytes& bytes) const {
    auto kept = fold_conversation(events, to_child);
    kept.deal_with_input(bytes.noted_input);
    return kept;
  }

  host_outlet& output() {
    if (has_replies)
      return reply_output;
    return stream;
  }

  simulated_log input_log;
  simulated_log to_child;
  simulated_log events;
  simulated_log replies;
  simulated_inlet input;
  simulated_child child;
  simulated_host_outlet stream;
  simulated_reply_outlet reply_output;
  bool has_replies;
  claude_session protocol;
};

class talkers final : public company {
public:
  talkers(run_context& run, const run_plan& plan)
    : run_{run},
      plan_{plan},
      dice_{run.dice.branch()},
      judge_{run, plan.session.lines.max_line, plan.options()},
      from_host_{run, plan.host.input},
      to_host_{run, plan.host.output},
      house_{run, plan.claude,
             [this](const auto& command, const auto& claude, auto& ports) {
               return make_claude(command, claude, ports);
             }},
      host_{run, judge_, from_host_, to_host_, plan.host} {
    for (auto* log :
         {&bytes_.input, &bytes_.to_child, &bytes_.events, &bytes_.replies}) {
      log->segment = plan.segment;
      log->disk_full = &run.disk_full;
    }
    bytes_.replies.lines = false;
    bytes_.events.keep = bytes_.replies.keep
      = plan.host.output.capacity + 40'000;
    bytes_.input.on_move
      = [this](auto data) { judge_.input.deliver(data, false); };
    bytes_.events.on_move = [this](auto data) { judge_.claude_moved(data); };
    bytes_.events.on_append
      = [this](auto data) { judge_.agent_appended(data); };
    bytes_.to_child.on_append
      = [this](auto data) { judge_.given_to_claude(data); };
    bytes_.events.on_line_end = [this] { judge_.line_ended(); };
    house_.on_lost = [this](auto unread) { judge_.claude_lost(unread); };
  }

  agent_ports next_agent(const newcomer& agent) override;

  void agent_leaves() override { agents_.back()->input.take_rest(); }

  void all_end() override {
    house_.end_all();
    host_starts_again_ = true;
  }

  void begin() override { host_.start(); }

  void behave() override {
    pause_ = time_span{0};
    house_.behave();
    host_.behave();
  }

  void requests_listed(const std::vector<std::string>& ids) override {
    judge_.requests_listed(ids);
  }

  void status_said(std::string_view document) override {
    judge_.status_said(document, true);
  }

  void look_while_idle() override;

  std::string unrest() const override {
    if (to_host_.available() > 0)
      return " output waits";
    if (host_.left())
      return " the agent does not end with its input";
    if (!host_.written())
      return " the agent does not read its input";
    return judge_.owed();
  }

  // Claude does nothing and gives no sign, and may do so for ever; or it waits
  // for a host that does not answer.
  bool stuck() const override {
    auto patient = plan_.tree.conversation.stall_timeout.count() == 0
                   || plan_.tree.conversation.start_timeout.count() == 0;
    auto patience = plan_.session.permission_timeout;
    return claude_ != nullptr
           && ((claude_->wedged() && patient)
               || (claude_->waits_for_host() && host_.owes_answer()
                   && (patience.count() == 0 || claude_->waits_for_hook())));
  }

  std::string owed_at_end(bool came_to_rest) override {
    host_.read_to_end();
    if (parts().has_replies)
      while (read_reply()) {}
    return came_to_rest ? judge_.owed() : judge_.owed_prompts();
  }

  std::uint64_t prompts() const override { return judge_.prompts(); }
  std::uint64_t launches() const override { return house_.launches(); }

private:
  std::unique_ptr<child_life> make_claude(const child_command& command,
                                          const claude_plan& plan,
                                          child_ports& ports);
  void open_output(lifeline& life);
  void come_for_reply();
  bool read_reply();
  agent_parts& parts() { return *agents_.back(); }

  run_context& run_;
  const run_plan& plan_;
  chance dice_;
  judge judge_;
  conversation_bytes bytes_;
  pipe from_host_;
  pipe to_host_;
  claude_sessions sessions_;
  claude_life* claude_ = nullptr; // that runs, or ran last
  child_house house_;
  simulated_host host_;
  bool host_starts_again_ = false;
  bool reader_comes_ = false;
  time_span pause_{5'000'000}; // longest before a reply is read
  // Old ones stay: the world may still have something to do for them.
  std::vector<std::unique_ptr<agent_parts>> agents_;
};

std::unique_ptr<child_life> talkers::make_claude(const child_command& command,
                                                 const claude_plan& plan,
                                                 child_ports& ports) {
  auto session = resumed_by(command.arguments);
  run_.tell("Claude", [&] { return "is started, resumes \"" + session + '"'; });
  judge_.launched(session);
  auto born = std::make_unique<claude_life>(run_, judge_, sessions_, plan,
                                            session, ports.far_ends());
  claude_ = born.get();
  return born;
}

agent_ports talkers::next_agent(const newcomer& agent) {
  if (!agents_.empty())
    judge_.agent_begins(bytes_.noted_input, house_.running());
  auto& born = *agents_.emplace_back(std::make_unique<agent_parts>(
    run_, agent, plan_, bytes_, house_, from_host_));
  born.input.on_end = [this] { judge_.input.deliver({}, true); };
  born.reply_output.on_reply = [this] { come_for_reply(); };
  open_output(agent.life);
  return {born.input, born.input_log, born.output(),
          born.child, born.events,    born.protocol};
}

// If nobody has held the FIFO and the position in the log, the host may get
// again what it has not certainly read.
void talkers::open_output(lifeline& life) {
  auto& events = parts().events;
  if (host_starts_again_)
    host_starts_again_ = !life.call(
      [&] {
        bytes_.host_position = events.line_start_before(
          std::max(bytes_.host_read_to, events.begin()));
        to_host_.take(to_host_.available());
        bytes_.gone.clear();
        host_.start_again();
        run_.tell("host", [this] {
          return "begins again at " + std::to_string(bytes_.host_position)
                 + ", has certainly read to "
                 + std::to_string(bytes_.host_read_to);
        });
        judge_.host_begins_at(bytes_.host_position);
        return true;
      },
      false);
  parts().stream.open(to_host_, bytes_.host_position, bytes_.host_read_to,
                      bytes_.gone);
}

void talkers::look_while_idle() {
  auto& now = parts();
  if (now.has_replies || run_.closing || now.events.owed() > 0
      || now.to_child.owed() > 0
      || now.protocol.shown_to() != now.events.line_start())
    return; // it has not read all
  auto living = now.protocol.kept();
  auto folded = fold_conversation(now.events, now.to_child);
  // That it has ended as somebody wanted is in no record. What was half told of
  // when an agent died counts, and requests that were given twice may have got
  // two answers.
  folded.ready = folded.ready && living.ready;
  auto given = given_in(now.to_child);
  for (auto& p : folded.prompts)
    for (const auto& other : living.prompts) {
      if (p.uuid != other.uuid)
        continue;
      p.answering = p.answering && other.answering;
      // It will be when its turn comes: it was accepted again.
      if (p.sent == 0 && !given.prompts.contains(p.known_as()))
        p.sent = other.sent;
    }
  if (living.held_from < living.input) // an answer may be held
    folded.open_requests = living.open_requests;
  // An agent that dies as it says that a request is lost leaves it to the next.
  auto lost_and_kept
    = bytes_.events.text.find("the agent stopped before") != std::string::npos;
  if (agents_.size() > 1 && (given.has_twice || lost_and_kept))
    folded.settings = living.settings;
  auto known = comparable(std::move(living));
  auto told = comparable(std::move(folded));
  if (told != known)
    run_.violate("a fold of the logs is " + told + ", and the agent knows "
                 + known);
}

void talkers::come_for_reply() {
  if (!parts().reply_output.waits() || std::exchange(reader_comes_, true))
    return;
  run_.calendar.after(dice_.up_to(pause_), [this] {
    reader_comes_ = false;
    read_reply();
    come_for_reply();
  });
}

bool talkers::read_reply() {
  std::string text;
  if (!parts().reply_output.read_reply(text))
    return false;
  run_.tell("host", [&] { return "reads the reply " + text; });
  judge_.host_read_reply(text);
  return true;
}

} // namespace

std::unique_ptr<company> stream_json_company(run_context& run,
                                             const run_plan& plan) {
  return std::make_unique<talkers>(run, plan);
}

} // namespace container_agent::simulation

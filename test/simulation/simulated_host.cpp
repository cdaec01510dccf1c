#include "test/simulation/simulated_host.hpp"

#include "test/actors/claude_lines.hpp"
#include "test/simulation/line_text.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

host_plan host_plan::draw(chance& dice) {
  host_plan plan;
  auto rate
    = [&](std::uint64_t unlikely, std::uint64_t low, std::uint64_t high) {
        return dice.one_in(unlikely)
                 ? static_cast<std::uint32_t>(dice.between(low, high))
                 : 0;
      };
  plan.lines = static_cast<std::uint32_t>(dice.one_in(6) ? dice.between(60, 200)
                                                         : dice.between(1, 25));
  plan.pause = dice.pick<time_span>(
    {time_span{0}, time_span{1000}, time_span{300'000}, time_span{5'000'000}});
  plan.input = pipe_plan::draw(dice);
  plan.output = pipe_plan::draw(dice);
  plan.max_line = dice.between(300, 2000);
  plan.odd_line = rate(2, 2, 10);
  plan.setting = rate(2, 3, 10);
  plan.duplicate = rate(2, 2, 10);
  plan.interrupt = rate(4, 3, 10);
  plan.half_line = rate(4, 3, 10);
  plan.no_answer = rate(10, 2, 5);
  plan.answer_pause = dice.pick<time_span>(
    {time_span{2'000'000}, time_span{2'000'000}, time_span{90'000'000}});
  plan.reading.size = dice.pick<std::size_t>({10, 500, 64 * 1024});
  plan.reading.pause
    = dice.pick<time_span>({time_span{0}, time_span{100}, time_span{50'000}});
  plan.reading.absence = rate(3, 10, 100);
  return plan;
}

simulated_host::simulated_host(run_context& run, judge& bench, pipe& input,
                               pipe& output, host_plan plan)
  : run_{run},
    dice_{run.dice.branch()},
    judge_{bench},
    input_{input},
    plan_{plan},
    writer_{run, input, plan.input.longest},
    reader_{run, dice_, output, plan.reading,
            [this](const std::string& data) { take_bytes(data); }} {
  writer_.on_written = [this] { write_on(); };
}

void simulated_host::start() {
  write_on();
  reader_.look();
}

void simulated_host::behave() {
  plan_.pause = std::min(plan_.pause, time_span{1000});
  plan_.lines = std::min(plan_.lines, written_);
  plan_.no_answer = 0;
  plan_.answer_pause = std::min(plan_.answer_pause, time_span{2'000'000});
  reader_.behave();
  write_on();
}

bool simulated_host::written() const {
  return written_ >= plan_.lines && waiting_.empty() && !writer_.writes()
         && input_.unread() == 0;
}

// -- what it writes -----------------------------------------------------------

// Begins the next line when the one before is written.
void simulated_host::write_on() {
  if (writing_ || writer_.writes())
    return;
  if (waiting_.empty() && written_ >= plan_.lines)
    return leave();
  writing_ = true;
  auto pause = waiting_.empty() ? plan_.pause : time_span{0};
  run_.calendar.after(dice_.up_to(pause), [this] {
    writing_ = false;
    if (waiting_.empty() && written_ >= plan_.lines)
      return;
    script_line line;
    if (!waiting_.empty()) {
      line = std::move(waiting_.front());
      waiting_.pop_front();
    } else {
      ++written_;
      line = next_line();
    }
    run_.tell("host", [&] { return "writes " + line.bytes.substr(0, 200); });
    writer_.write(std::move(line.bytes), line.leaves);
  });
}

void simulated_host::leave() {
  if (!plan_.leaves || std::exchange(left_, true))
    return;
  run_.tell("host", [] { return std::string{"has written all"}; });
  input_.end();
}

void simulated_host::write_soon(std::string line) {
  waiting_.push_back({std::move(line), false});
  write_on();
}

simulated_host::script_line simulated_host::next_line() {
  auto line = dice_.one_in(plan_.setting)    ? setting()
              : dice_.one_in(plan_.odd_line) ? odd_line()
                                             : prompt();
  if (dice_.one_in(plan_.half_line))
    return cut({line, false});
  return {line + (dice_.one_in(10) ? "\r\n" : "\n"), false};
}

// Everything of it but the end, or all but the LF; then the writer leaves.
simulated_host::script_line simulated_host::cut(script_line line) {
  auto all = line.bytes.size();
  if (all == 0)
    return {"\n", false};
  if (all > 1 && !dice_.one_in(3))
    line.bytes.resize(dice_.between(1, all - 1));
  line.leaves = true;
  owes_answer_ = true; // one that is written behind it may be lost with it
  return line;
}

std::string simulated_host::prompt() {
  if (!prompts_.empty() && dice_.one_in(plan_.duplicate))
    return prompts_[dice_.below(prompts_.size())];
  auto name = std::to_string(++names_);
  auto text = "prompt " + name + ' '
              + std::string(dice_.one_in(5) ? dice_.below(200) : 3, 'p');
  using kind = expectation::kind;
  auto uuid = "uuid-" + name;
  std::string line;
  switch (dice_.below(5)) {
    case 0: return text;
    case 1:
      line = R"({"type":"user","message":{"role":"user","content":")" + text
             + R"("}})";
      judge_.input.know(line, {kind::prompt, {}, {}});
      return line;
    case 2:
      line = R"({"type":"container_agent","subtype":"prompt","text":")" + text
             + R"(\n.","uuid":")" + uuid + "\"}";
      judge_.host_wrote(uuid, {});
      break;
    default:
      line = R"({"type":"user","message":{"role":"user","content":")" + text
             + R"("},"uuid":")" + uuid + "\"}";
      judge_.host_wrote(uuid, line);
      break;
  }
  judge_.input.know(line, {kind::prompt, uuid, {}});
  prompts_.push_back(line);
  return line;
}

// A control request; `members` are the request's own.
std::string simulated_host::request(const std::string& members) {
  auto id = "host-" + std::to_string(++names_);
  auto line = R"({"type":"control_request","request_id":")" + id
              + R"(","request":{)" + members + "}}";
  judge_.input.know(line, {expectation::kind::passed_on, id, {}});
  return line;
}

std::string simulated_host::setting() {
  auto name = std::to_string(names_ + 1);
  std::string thing;
  std::string rest;
  switch (dice_.below(5)) {
    case 0:
      thing = "set_model";
      rest = R"(,"model":"model-)" + name + '"';
      break;
    case 1:
      thing = "set_max_thinking_tokens";
      rest = R"(,"max_thinking_tokens":)" + name;
      break;
    case 2: // two of them differ in their hooks
      thing = "initialize";
      rest = R"(,"hooks":{"PreToolUse":[{"hookCallbackIds":["hook-)" + name
             + R"("]}]})";
      break;
    default:
      thing = "set_permission_mode";
      rest = R"(,"mode":")"
             + dice_.pick<std::string>({"default", "plan", "acceptEdits",
                                        "bypassPermissions", "no_mode"})
             + '"';
      break;
  }
  auto line = request(R"("subtype":")" + thing + '"' + rest);
  judge_.requests.wrote_setting("host-" + name, thing, request_text(line));
  return line;
}

std::string simulated_host::odd_line() {
  using kind = expectation::kind;
  auto known = [this](std::string line, expectation meaning) {
    judge_.input.know(line, std::move(meaning));
    return line;
  };
  auto name = std::to_string(++names_);
  if (dice_.one_in(plan_.interrupt))
    return request(R"("subtype":"interrupt")");
  switch (dice_.below(9)) {
    case 0:
      return known(R"({"type":"container_agent","subtype":"status"})",
                   {kind::status, {}, {}});
    case 1: return known(R"({"type":"keep_alive"})", {kind::passed_on, {}, {}});
    case 2: return request(R"("subtype":"get_something")");
    case 3: return {};
    case 4: return "  \t";
    case 5:
      return known(R"({"type":"nonsense","n":)" + name + '}',
                   {kind::rejected, {}, "unknown_type"});
    case 6:
      return known("{\"type\":\"user\",\"message\":" + name + '}',
                   {kind::rejected, {}, "invalid_json"});
    case 7: return "not UTF-8: \xff " + name;
    default: return std::string(plan_.max_line + dice_.between(1, 5000), 'l');
  }
}

// -- what it reads ------------------------------------------------------------

void simulated_host::take_bytes(const std::string& data) {
  part_ += data;
  std::size_t begin = 0;
  for (auto end = part_.find('\n'); end != std::string::npos;
       end = part_.find('\n', begin)) {
    take(std::string_view{part_}.substr(begin, end - begin));
    begin = end + 1;
  }
  part_.erase(0, begin);
}

void simulated_host::take(std::string_view line) {
  run_.tell("host",
            [&] { return "reads " + std::string{line.substr(0, 300)}; });
  judge_.host_read(line);
  if (!line.starts_with(R"({"type":"control_request")"))
    return;
  if (dice_.one_in(plan_.no_answer)) {
    owes_answer_ = true;
    return;
  }
  auto id = member(line, "request_id");
  auto answer = test::claude::permission(id);
  judge_.input.know(answer.substr(0, answer.size() - 1),
                    {expectation::kind::passed_on, {}, {}});
  run_.calendar.after(dice_.up_to(plan_.answer_pause), [this, id, answer] {
    judge_.questions.answers(id);
    write_soon(answer);
  });
}

void simulated_host::read_to_end() {
  reader_.read_to_end();
  judge_.output_ended(part_);
}

} // namespace container_agent::simulation

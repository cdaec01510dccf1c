#include "test/conformance/play.hpp"

#include <csignal>
#include <functional>
#include <stdexcept>

namespace container_agent::test::conformance {

using nlohmann::ordered_json;

namespace {

/// What every Claude is started with, as by the agent.
const std::vector<std::string> usual_arguments{"--replay-user-messages"};

int signal_number(const std::string& name) {
  if (name == "KILL")
    return SIGKILL;
  if (name == "TERM")
    return SIGTERM;
  if (name == "INT")
    return SIGINT;
  throw std::runtime_error("no signal: " + name);
}

damage kind_of_damage(const std::string& name) {
  if (name == "missing")
    return damage::missing;
  if (name == "directory")
    return damage::directory;
  if (name == "garbage")
    return damage::garbage;
  throw std::runtime_error("no damage: " + name);
}

/// One playing of one scenario.
class playing {
public:
  explicit playing(claude_player& claude) : claude_{claude} {}

  void step(const ordered_json& step) {
    auto verb = step.begin().key();
    const auto& argument = step.begin().value();
    auto i = verbs().find(verb);
    if (i == verbs().end())
      throw std::runtime_error("no such step: " + step.dump());
    i->second(*this, argument, step);
  }

  /// Ends a process that still runs, in order.
  void end() {
    if (!running_)
      return;
    claude_.close_input();
    read_until([](const std::string&) { return false; });
  }

  std::vector<std::string> shapes;

private:
  using verb = std::function<void(playing&, const ordered_json& argument,
                                  const ordered_json& step)>;

  static const std::map<std::string, verb>& verbs() {
    static const std::map<std::string, verb> table{
      {"start",
       [](playing& p, const auto& a, const auto& s) { p.start(a, s); }},
      {"initialized",
       [](playing& p, const auto& a, const auto& s) {
         p.start(a, s);
         p.step({{"request", "init"}, {"asks", {{"subtype", "initialize"}}}});
         p.step({{"await", "control_response success: init"}});
       }},
      {"prompt",
       [](playing& p, const auto& a, const auto& s) { p.prompt(a, s); }},
      {"request",
       [](playing& p, const auto& a, const auto& s) {
         p.send({{"type", "control_request"},
                 {"request_id", a},
                 {"request", s.at("asks")}});
       }},
      {"answer",
       [](playing& p, const auto& a, const auto& s) {
         p.send({{"type", "control_response"},
                 {"response",
                  {{"subtype", "success"},
                   {"request_id", p.known_.id_of_ask(a)},
                   {"response", s.at("with")}}}});
       }},
      {"send", [](playing& p, const auto& a, const auto&) { p.send(a); }},
      {"line",
       [](playing& p, const auto& a, const auto&) { p.claude_.write_line(a); }},
      {"await",
       [](playing& p, const auto& a, const auto&) {
         p.read_until([&](const std::string& shape) { return shape == a; });
         if (p.shapes.back() != a)
           throw std::runtime_error("it ended without: " + a.dump());
       }},
      {"asked",
       [](playing& p, const auto& a, const auto&) { p.claude_.wait_asked(a); }},
      {"saved",
       [](playing& p, const auto& a, const auto&) {
         p.claude_.wait_saved(p.known_.last_session(), a);
       }},
      {"release",
       [](playing& p, const auto& a, const auto&) {
         if (a == "answer")
           p.claude_.release_answer();
         else
           p.claude_.release_tool();
       }},
      {"signal", [](playing& p, const auto& a,
                    const auto&) { p.claude_.signal(signal_number(a)); }},
      {"close",
       [](playing& p, const auto&, const auto&) { p.claude_.close_input(); }},
      {"damage",
       [](playing& p, const auto& a, const auto&) {
         p.claude_.damage_transcript(p.known_.last_session(),
                                     kind_of_damage(a));
       }},
    };
    return table;
  }

  void start(const ordered_json& argument, const ordered_json& step) {
    auto arguments = usual_arguments;
    for (std::string word : argument)
      arguments.push_back(word == "SESSION" ? known_.last_session() : word);
    std::map<std::string, std::string> environment;
    if (step.contains("environment"))
      environment = step["environment"];
    claude_.start(arguments, environment);
    running_ = true;
    no_json_ = false;
    shapes.push_back("start");
  }

  void prompt(const std::string& name, const ordered_json& step) {
    ordered_json line{{"type", "user"},
                      {"message", {{"role", "user"}, {"content", ""}}}};
    auto& content = line["message"]["content"];
    content = step.at("says");
    if (content.is_string() && step.contains("times")) {
      std::string text;
      for (int i = step["times"]; i > 0; --i)
        text += content.get<std::string>();
      content = text;
    }
    if (name != "?")
      line["uuid"] = known_.uuid_of(name);
    send(line);
  }

  void send(const ordered_json& line) { claude_.write_line(line.dump()); }

  /// Reads until a line has the shape, or the process has ended.
  template <class Condition>
  void read_until(Condition over) {
    while (running_) {
      auto line = claude_.read_line();
      if (!line) {
        running_ = false;
        if (no_json_)
          shapes.push_back("no JSON");
        shapes.push_back(claude_.wait_exit());
        return;
      }
      if (line->find_first_not_of(" \t\r") == std::string::npos)
        continue;
      auto shape = shape_of(*line, known_);
      // Their number and place are anybody's.
      if (shape == "no JSON")
        no_json_ = true;
      else if (!is_noise(shape))
        shapes.push_back(shape);
      if (over(shape))
        return;
    }
  }

  claude_player& claude_;
  names known_;
  bool running_ = false;
  bool no_json_ = false;
};

} // namespace

outcome play(const scenario& what, claude_player& claude) {
  outcome result;
  playing now{claude};
  std::size_t number = 0;
  try {
    for (const auto& step : what.steps) {
      ++number;
      now.step(step);
    }
    now.end();
  } catch (const std::exception& e) {
    result.failure = "step " + std::to_string(number) + ": " + e.what();
  }
  result.shapes = std::move(now.shapes);
  return result;
}

} // namespace container_agent::test::conformance

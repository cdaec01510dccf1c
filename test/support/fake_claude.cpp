/// A stand-in for Claude Code that speaks its stream-json and misbehaves on
/// command.
///
/// A prompt is answered by `echo: <prompt>`, unless it begins with one of the
/// words below. Several may be joined by " ; ", each with its arguments.
///
///   crash N            exit N in the middle of the turn
///   crash-once N       … but only the first time that this uuid runs
///   crash-times K N    … only the first K times
///   kill, kill-once    the same by SIGKILL to itself
///   vanish-once        the same, before there is a transcript to resume
///   exit-after N       answer, then exit N unasked
///   begin              say the first words of an answer: from then on the
///                      transcript knows the prompt
///   mode               answer with the permission mode
///   hooks              answer with the ids of the host's hooks
///   unreadable N       the next N resumes fail, as from a broken disk
///   task [PATH]        begin a task in the background that ends when somebody
///                      writes this FIFO and closes it; without one never
///   hang               run until an interrupt or SIGINT
///   gate PATH          run until somebody opens this FIFO for writing and
///                      closes it again
///   flood BYTES [LINE] numbered assistant lines, BYTES in all
///   long BYTES         one assistant line of BYTES bytes
///   partial TEXT       TEXT without a line feed, then as `hang`
///   cut-once TEXT      … then as `kill-once`, and nothing at all later
///   dribble            answer byte by byte
///   garbage            lines that are no JSON and no UTF-8
///   emit-file PATH     these bytes, whatever they are
///   ignore-signals     SIGTERM and SIGINT from now on
///   stubborn           ignore them, the interrupt and the end of stdin too
///   stubborn-once      … but only the first time that this uuid runs
///   grandchild         leave a process that holds the pipes
///   grandchild-away    … in a session of its own
///   no-read            read no more, for ever
///   close-stdout       close it and stay
///   close-stdout-once  … but only the first time that this uuid runs
///   ask                ask for a permission, answer what came
///   stderr TEXT        write a line to stderr
///   self               answer with fds, group, environment, … as JSON
///   api-error          a result with is_error, as after an API error
///   no-result          complete without a result
///   new-session        go on under another session_id
///
/// The words of the Messages API's stand-in (test/support/messages_api.hpp)
/// that the conformance scenarios use are understood, too, at the beginning of
/// a prompt: HELD (until the FIFO `answers` was opened), TOUCH, RUN, RUN-HELD,
/// BACKGROUND, HALF and ERROR; and `/clear`.
///
/// Arguments beside Claude Code's own:
///   --fail-start N           exit N at once
///   --fail-start-times K N   … only the first K times
///   --nonconforming          run prompts again that were answered before a
///                            --resume: conformance_test has to find that
///   --unknown-session        behave as with --resume of an unknown id
///   --ignore-signals         SIGTERM and SIGINT
///   --no-initialize          never answer `initialize`
///   --terse                  say `result` and `completed` only, no words;
///                            of a long prompt only its first 20 bytes
///   --record-stdin           keep every line that comes in
///   --record-stdout          keep every byte that goes out
///   --ready-stderr TEXT      write a line to stderr at the start
///   --raw-flood BYTES        no protocol: write so many bytes, then exit 0
///
/// What it keeps between two starts: see fake/state.hpp.

#include "test/support/fake/claude.hpp"
#include "test/support/fake/self.hpp"

#include <cstring>
#include <functional>
#include <map>
#include <sstream>

namespace container_agent::test::fake {

namespace {

/// What is written at once.
constexpr std::size_t block_size = 64 * 1024;

/// Numbered bytes: every 8 of them are their own position, so that a reader
/// can check each block on its own.
void raw_flood(const state& kept, unsigned long long bytes) {
  std::string block(block_size, '\0');
  for (unsigned long long at = 0; at < bytes; at += block.size()) {
    for (std::size_t i = 0; i < block.size(); i += 8) {
      auto number = at + i;
      std::memcpy(block.data() + i, &number, 8);
    }
    auto left = bytes - at;
    write_watched(std::string_view{block}.substr(
                    0, left < block.size() ? left : block.size()),
                  [&] { kept.append("stalled", std::to_string(at)); });
  }
}

void flood(claude& self, unsigned long long bytes, std::size_t line_bytes) {
  const std::string head = R"({"type":"assistant","number":)";
  std::string line;
  unsigned long long sent = 0;
  auto stalled = [&] { self.kept.append("stalled", std::to_string(sent)); };
  for (unsigned long long n = 0; sent < bytes; ++n) {
    line = head + std::to_string(n) + R"(,"pad":")";
    // 3: the quote and brace at the end and the line feed.
    if (line.size() + 3 < line_bytes)
      line.append(line_bytes - line.size() - 3, 'x');
    line += R"("})";
    self.say.out.line(line);
    sent += line.size() + 1;
    if (self.say.out.size() >= block_size)
      self.say.out.flush(stalled);
  }
  self.say.out.flush(stalled);
}

void leave_grandchild(claude& self, turn& t, bool away) {
  self.say.out.flush();
  auto pid = ::fork();
  if (pid == 0) {
    if (away)
      ::setsid();
    handle(SIGTERM, SIG_DFL);
    handle(SIGINT, SIG_DFL);
    // The test ends it by its number; this is only against leftovers.
    ::alarm(60);
    for (;;)
      ::pause();
  }
  t.answer = "grandchild: " + std::to_string(pid);
}

[[noreturn]] void stay(claude& self) {
  self.say.out.flush();
  for (;;)
    ::pause();
}

/// The arguments of a word, and what several words need.
struct context {
  claude& self;
  turn& t;
  std::istringstream& rest;

  unsigned long long number(unsigned long long otherwise = 0) {
    unsigned long long n = 0;
    return rest >> n ? n : otherwise;
  }

  int exit_code() { return static_cast<int>(number(1)); }

  std::string text() {
    std::string s;
    std::getline(rest >> std::ws, s);
    return s;
  }

  /// Does this uuid run for at most the `times`-th time?
  bool among_first(std::size_t times) {
    return self.kept.count("runs", t.last_uuid) <= times;
  }

  [[noreturn]] void kill() {
    self.say.out.flush();
    ::kill(::getpid(), SIGKILL);
    stay(self);
  }
};

using word = std::function<void(context&)>;

const std::map<std::string, word>& words() {
  static const std::map<std::string, word> table{
    {"crash", [](context& c) { c.self.die(c.exit_code()); }},
    {"crash-once",
     [](context& c) {
       if (c.among_first(1))
         c.self.die(c.exit_code());
     }},
    {"crash-times",
     [](context& c) {
       if (c.among_first(c.number(1)))
         c.self.die(c.exit_code());
     }},
    {"kill", [](context& c) { c.kill(); }},
    {"kill-once",
     [](context& c) {
       if (c.among_first(1))
         c.kill();
     }},
    {"vanish-once",
     [](context& c) {
       if (c.among_first(1)) {
         c.self.kept.forget_session(c.self.say.session_id);
         c.kill();
       }
     }},
    {"exit-after",
     [](context& c) { c.t.exit_after = static_cast<int>(c.number()); }},
    {"begin", [](context& c) { c.self.begin_to_answer(c.t); }},
    {"mode", [](context& c) { c.t.answer = "mode: " + c.self.say.mode; }},
    {"hooks",
     [](context& c) { c.t.answer = "hooks: " + json(c.self.hooks()).dump(); }},
    {"unreadable",
     [](context& c) {
       for (auto count = c.number(); count > 0; --count)
         c.self.kept.append("unreadable", "x");
     }},
    {"hang", [](context& c) { c.self.wait_in_turn(c.t, -1); }},
    {"gate",
     [](context& c) {
       // Without blocking: an interrupt must get through meanwhile.
       int fd = ::open(c.text().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
       c.self.wait_in_turn(c.t, fd);
       ::close(fd);
     }},
    {"flood",
     [](context& c) {
       auto bytes = c.number();
       flood(c.self, bytes, c.number(4096));
     }},
    {"long",
     [](context& c) {
       auto bytes = c.number();
       flood(c.self, bytes, bytes);
     }},
    {"partial",
     [](context& c) {
       c.self.say.out.bytes(c.text());
       c.self.wait_in_turn(c.t, -1);
     }},
    {"cut-once",
     [](context& c) {
       if (!c.among_first(1))
         return;
       c.self.say.out.bytes(c.text());
       c.kill();
     }},
    {"dribble",
     [](context& c) {
       c.self.say.assistant(c.t.answer, c.t.uuids);
       c.self.say.answered(c.t.answer, false, c.t.uuids);
       c.t.silent = true;
       c.self.say.out.dribble();
     }},
    {"garbage",
     [](context& c) {
       c.self.say.out.line("this is no JSON");
       c.self.say.out.line("{\"type\":\"assistant\",\"x\":\"\xFF\xFE\xC0\"}");
       c.self.say.out.line("\x01\x02{]");
       c.self.say.out.line("");
     }},
    {"emit-file",
     [](context& c) {
       std::ifstream file(c.text(), std::ios::binary);
       std::ostringstream all;
       all << file.rdbuf();
       c.self.say.out.bytes(all.str());
     }},
    {"ignore-signals",
     [](context&) { handle(SIGTERM, SIG_IGN), handle(SIGINT, SIG_IGN); }},
    {"stubborn",
     [](context& c) {
       handle(SIGTERM, SIG_IGN);
       handle(SIGINT, SIG_IGN);
       stay(c.self);
     }},
    {"stubborn-once",
     [](context& c) {
       if (c.among_first(1))
         words().at("stubborn")(c);
     }},
    {"grandchild", [](context& c) { leave_grandchild(c.self, c.t, false); }},
    {"grandchild-away",
     [](context& c) { leave_grandchild(c.self, c.t, true); }},
    {"no-read", [](context& c) { stay(c.self); }},
    {"close-stdout",
     [](context& c) {
       c.self.say.out.flush();
       ::close(STDOUT_FILENO);
       stay(c.self);
     }},
    {"close-stdout-once",
     [](context& c) {
       if (!c.among_first(1))
         return;
       c.self.say.out.flush();
       ::close(STDOUT_FILENO);
       stay(c.self);
     }},
    {"ask", [](context& c) { c.self.ask_permission(c.t); }},
    {"task",
     [](context& c) {
       auto path = c.text();
       c.self.start_task(path.empty() ? "tail -f /dev/null" : "cat " + path);
     }},
    {"stderr",
     [](context& c) { std::fprintf(stderr, "%s\n", c.text().c_str()); }},
    {"self",
     [](context& c) {
       c.t.answer = describe_self(c.self.argc, c.self.argv).dump();
     }},
    {"api-error",
     [](context& c) {
       c.t.is_error = true;
       c.t.answer = "API Error: 529 overloaded";
     }},
    {"ERROR",
     [](context& c) {
       c.t.is_error = true;
       c.t.answer = "API Error: " + c.text();
     }},
    {"HELD", [](context& c) { c.self.wait_held(c.t); }},
    {"TOUCH",
     [](context& c) { c.self.use_tool(c.t, "touch " + c.text(), false); }},
    {"RUN", [](context& c) { c.self.use_tool(c.t, c.text(), false); }},
    {"RUN-HELD",
     [](context& c) {
       c.self.use_tool(c.t, c.text(), false);
       c.self.wait_held(c.t);
     }},
    {"BACKGROUND", [](context& c) { c.self.use_tool(c.t, c.text(), true); }},
    {"HALF",
     [](context& c) {
       c.t.answer = "half " + std::string{voice::half_a_pair} + " a pair";
     }},
    {"no-result", [](context& c) { c.t.silent = true; }},
    {"new-session",
     [](context& c) {
       c.self.say.session_id = new_uuid();
       c.self.kept.begin_session(c.self.say.session_id);
       c.self.say.init("/", c.t.uuids);
     }},
  };
  return table;
}

int start(int argc, char** argv) {
  claude self{argc, argv};
  const auto& args = self.args;
  self.kept.append("starts", std::to_string(::getpid()));
  handle(SIGTERM, args.ignore_signals ? SIG_IGN : on_sigterm);
  handle(SIGINT, args.ignore_signals ? SIG_IGN : on_sigint);
  handle(SIGPIPE, SIG_IGN);
  if (args.fail_start >= 0
      && (args.fail_start_times == SIZE_MAX
          || self.kept.count("starts", "") <= args.fail_start_times)) {
    std::fprintf(stderr, "fake_claude: told to fail\n");
    return args.fail_start;
  }
  if (args.raw_flood > 0) {
    raw_flood(self.kept, args.raw_flood);
    return 0;
  }
  if (args.record_stdout)
    self.say.out.record_to(self.kept.open("stdout"));
  if (!args.ready_stderr.empty())
    std::fprintf(stderr, "%s\n", args.ready_stderr.c_str());
  auto& session = self.say.session_id;
  session = args.resume.empty() ? new_uuid() : args.resume;
  auto why = args.resume.empty() ? "" : self.kept.why_not_resumed(session);
  if (!args.resume.empty()
      && self.kept.count("unreadable", "")
           > self.kept.count("failed-resumes", "")) {
    self.kept.append("failed-resumes", session);
    why = "Failed to resume session: EISDIR: illegal operation on a "
          "directory, read";
  }
  if (args.unknown_session)
    why = "No conversation found with session ID: " + session;
  if (!why.empty()) {
    std::fprintf(stderr, "%s\n", why.c_str());
    self.say.no_conversation(why);
    self.die(1);
  }
  if (const char* level = std::getenv("ANTHROPIC_LOG");
      level != nullptr && level == std::string_view{"debug"})
    self.say.out.line("[log_1] sending request {\n  method: 'post',\n}");
  return self.run();
}

} // namespace

void perform(claude& self, turn& t, const std::string& command) {
  std::istringstream rest(command);
  std::string name;
  rest >> name;
  context c{self, t, rest};
  if (auto i = words().find(name); i != words().end())
    i->second(c);
}

} // namespace container_agent::test::fake

int main(int argc, char** argv) {
  return container_agent::test::fake::start(argc, argv);
}

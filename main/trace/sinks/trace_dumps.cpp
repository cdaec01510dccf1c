#include "main/trace/sinks/trace_dumps.hpp"

#include "main/loop/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

namespace container_agent {

namespace {

/// Into a descriptor, block by block. False: `errno` says why.
class block_writer {
public:
  explicit block_writer(int fd) : fd_{fd} { block_.reserve(size); }

  void put(std::string_view text) {
    if (block_.size() + text.size() > size)
      flush();
    block_ += text;
  }

  bool flush() {
    std::string_view rest{block_};
    while (good_ && !rest.empty()) {
      auto count = ::write(fd_, rest.data(), rest.size());
      if (count < 0 && errno == EINTR)
        continue;
      good_ = count >= 0;
      rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    block_.clear();
    return good_;
  }

private:
  static constexpr std::size_t size = 64 * 1024;

  int fd_;
  bool good_ = true;
  std::string block_;
};

constexpr std::string_view crashed = "crash";

// There are at most as many of this agent's, and of its predecessors'.
constexpr int most_tries = 1000;

trace_dumps* of_the_crash = nullptr;

// A stack of its own: the usual one may have been used up.
alignas(16) std::array<std::byte, 64 * 1024> crash_stack;

void use_crash_stack(bool use) {
  stack_t stack{};
  stack.ss_sp = crash_stack.data();
  stack.ss_size = crash_stack.size();
  stack.ss_flags = use ? 0 : SS_DISABLE;
  ::sigaltstack(&stack, nullptr);
}

// What the dump may take: its heap may be in any state.
constexpr unsigned crash_patience = 5; // seconds

// Not all of this may be done in a handler, but the program is lost anyway: the
// signal is at its default by now, so a second fault ends it, and so does an
// endless loop in time.
void crash(int signal) {
  ::signal(SIGALRM, SIG_DFL);
  sigset_t alarm_only;
  ::sigemptyset(&alarm_only);
  ::sigaddset(&alarm_only, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &alarm_only, nullptr);
  ::alarm(crash_patience);
  if (of_the_crash != nullptr)
    std::exchange(of_the_crash, nullptr)->write(crashed);
  ::raise(signal);
}

constexpr int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// The sanitizers have something of their own to say.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool watches_crashes = false;
#else
constexpr bool watches_crashes = true;
#endif

} // namespace

trace_dumps::trace_dumps(std::string directory, std::string instance,
                         runtime::tracer& events, runtime::event_loop& loop,
                         event_log& log)
  : directory_{std::move(directory)},
    instance_{std::move(instance)},
    events_{events},
    loop_{loop},
    log_{log} {
  find_old();
  events_.on_failure([this](const char* actor) {
    write_soon(std::string{"failure of "} + actor);
  });
  of_the_crash = this;
  if (!watches_crashes)
    return;
  use_crash_stack(true);
  for (int signal : crash_signals) {
    struct sigaction action {};
    action.sa_handler = &crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
    ::sigaction(signal, &action, nullptr);
  }
}

trace_dumps::~trace_dumps() {
  events_.on_failure({});
  of_the_crash = nullptr;
  if (!watches_crashes)
    return;
  for (int signal : crash_signals)
    ::signal(signal, SIG_DFL);
  use_crash_stack(false);
}

// Not in the midst of the failure: what the supervisor does about it belongs
// to the picture. Failures that come together make one dump.
void trace_dumps::write_soon(std::string reason) {
  if (std::exchange(*planned_, true))
    return;
  loop_.when_idle(
    [this, alive = std::weak_ptr<bool>{planned_}, reason = std::move(reason)] {
      if (alive.expired())
        return;
      *planned_ = false;
      write(reason);
    });
}

std::string trace_dumps::next_path() {
  return directory_ + '/' + instance_ + '-' + std::to_string(::getpid()) + '-'
         + std::to_string(++number_) + ".jsonl";
}

void trace_dumps::write(std::string_view reason) {
  auto path = next_path();
  auto fail = [&](std::error_code error) {
    log_.write(log_level::warn, "agent", "trace_not_dumped",
               {{"path", path},
                {"error", error.message()},
                {"advice", "--trace-dir names another directory"}});
  };
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(runtime::last_error());
  // Others may be able to put a link there; and in a container each agent has
  // the same number.
  runtime::unique_fd file;
  for (int tries = 0; !file && tries < most_tries; ++tries) {
    if (tries > 0)
      path = next_path();
    file.reset(::open(path.c_str(),
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                      0640));
    if (!file && errno != EEXIST)
      break;
  }
  if (!file)
    return fail(runtime::last_error());
  block_writer out{file.get()};
  std::string line;
  line.reserve(runtime::max_event_line);
  runtime::append_header(line, events_.header(), "ring", reason);
  out.put(line);
  events_.visit([&](const auto& event) {
    line.clear();
    runtime::append_event(line, event);
    out.put(line);
  });
  if (!out.flush()) {
    auto error = runtime::last_error();
    ::unlink(path.c_str());
    return fail(error);
  }
  // An error is written at once, and what was logged before with it.
  log_.write(reason == crashed ? log_level::error : log_level::info, "agent",
             "trace_dumped", {{"path", path}, {"reason", reason}});
  written_.push_back(std::move(path));
  forget_old();
}

// What earlier agents of this instance have left counts too, or a crash loop
// would fill the disk.
void trace_dumps::find_old() {
  std::error_code ignored; // none: there are none
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> found;
  for (const auto& entry :
       std::filesystem::directory_iterator{directory_, ignored}) {
    auto name = entry.path().filename().string();
    if (name.starts_with(instance_ + '-') && name.ends_with(".jsonl"))
      found.emplace_back(entry.last_write_time(ignored), entry.path().string());
  }
  std::sort(found.begin(), found.end());
  for (auto& [time, path] : found)
    written_.push_back(std::move(path));
}

void trace_dumps::forget_old() {
  for (; written_.size() > kept; written_.pop_front())
    if (::unlink(written_.front().c_str()) != 0 && errno != ENOENT)
      log_.write(log_level::warn, "agent", "trace_not_removed",
                 {{"path", written_.front()},
                  {"error", runtime::last_error().message()}});
}

} // namespace container_agent

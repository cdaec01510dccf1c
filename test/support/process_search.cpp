#include "test/support/process_search.hpp"

#include "test/support/process_memory.hpp"
#include "test/support/subprocess.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace container_agent::test {

namespace {

bool has_variable(pid_t pid, std::string_view variable) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/environ"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto all = '\0' + text;
  return all.find('\0' + std::string{variable} + '\0') != std::string::npos;
}

} // namespace

std::string new_mark() {
  static int count = 0;
  return "TEST_MARK=" + std::to_string(::getpid()) + '.'
         + std::to_string(clock::now().time_since_epoch().count()) + '.'
         + std::to_string(++count);
}

std::vector<pid_t> processes_marked(std::string_view mark) {
  std::vector<pid_t> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    auto pid = static_cast<pid_t>(std::stol(name));
    if (has_variable(pid, mark) && is_alive(pid))
      result.push_back(pid);
  }
  return result;
}

void wait_none_marked(std::string_view mark, deadline until) {
  for (;;) {
    auto left = processes_marked(mark);
    if (left.empty())
      return;
    for (auto pid : left)
      wait_gone(pid, until);
  }
}

std::vector<pid_t> zombies_of(pid_t pid) {
  auto result = children_of(pid);
  std::erase_if(result, [](pid_t child) {
    auto status = status_of(child);
    return status.empty() || status["State"][0] != 'Z';
  });
  return result;
}

std::string leave_stubborn_processes(int count) {
  return R"(trap "" TERM INT HUP
stay='echo here; exec sleep 600 >/dev/null 2>&1 </dev/null'
i=0
while [ $i -lt )"
         + std::to_string(count) + R"( ]; do
  case $((i % 4)) in
    0) sh -c "$stay" & ;;
    1) (sh -c "$stay" &) ;;
    2) setsid sh -c "$stay" & ;;
    3) (setsid sh -c "$stay" &) ;;
  esac
  i=$((i + 1))
done
)";
}

} // namespace container_agent::test

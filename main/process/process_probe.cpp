#include "main/process/process_probe.hpp"

#include "main/loop/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace container_agent::runtime {

namespace {

// Positions in the row, counted from the state, which comes first after the
// name (field 3 in proc(5)).
constexpr std::size_t user_time = 11;
constexpr std::size_t system_time = 12;
constexpr std::size_t resident_pages = 21;

// A row has some 50 numbers and a name of at most 64 bytes.
constexpr std::size_t longest_row = 2048;

std::uint64_t per_second() {
  auto ticks = ::sysconf(_SC_CLK_TCK);
  return ticks > 0 ? static_cast<std::uint64_t>(ticks) : 100;
}

std::uint64_t page_size() {
  auto size = ::sysconf(_SC_PAGESIZE);
  return size > 0 ? static_cast<std::uint64_t>(size) : 4096;
}

} // namespace

std::optional<process_stat> parse_process_stat(std::string_view text) {
  auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= text.size())
    return std::nullopt;
  text.remove_prefix(name_end + 2);
  process_stat result;
  result.state = text.front();
  std::uint64_t ticks = 0;
  std::size_t found = 0;
  for (std::size_t position = 0; !text.empty(); ++position) {
    auto end = std::min(text.find(' '), text.size());
    std::uint64_t number = 0;
    auto read = std::from_chars(text.data(), text.data() + end, number);
    if (position == user_time || position == system_time
        || position == resident_pages) {
      if (read.ec != std::errc{})
        return std::nullopt;
      ++found;
      if (position == resident_pages)
        result.resident_bytes = number * page_size();
      else
        ticks += number;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  constexpr std::size_t wanted = 3;
  if (found != wanted)
    return std::nullopt;
  result.cpu = std::chrono::milliseconds{ticks * 1000 / per_second()};
  return result;
}

std::optional<process_stat> look_at_process(std::int32_t pid) {
  auto who = pid == 0 ? std::string{"self"} : std::to_string(pid);
  unique_fd file{
    ::open(("/proc/" + who + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file)
    return std::nullopt;
  char block[longest_row];
  auto size = ::read(file.get(), block, sizeof block);
  if (size <= 0)
    return std::nullopt;
  return parse_process_stat({block, static_cast<std::size_t>(size)});
}

process_usage proc_probe::own() {
  process_usage result;
  if (auto found = look_at_process(0))
    result = {0, found->resident_bytes, found->cpu};
  result.pid = ::getpid();
  return result;
}

std::optional<process_usage> proc_probe::of(std::int32_t pid) {
  auto found = pid > 0 ? look_at_process(pid) : std::nullopt;
  if (!found)
    return std::nullopt;
  return process_usage{pid, found->resident_bytes, found->cpu};
}

} // namespace container_agent::runtime

#include "main/process/process_table.hpp"

#include "main/loop/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>
#include <sstream>

namespace container_agent::runtime {

namespace {

constexpr std::size_t block_size = 4096;

// The longest command line that is read; Linux allows 2 MiB by default.
constexpr std::size_t max_text = 2 * 1024 * 1024;

std::string read_text(const std::string& path) {
  unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  std::array<char, block_size> block;
  while (file && text.size() < max_text) {
    auto count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string read_link(const std::string& path, std::error_code& error) {
  std::array<char, PATH_MAX> target;
  auto size = ::readlink(path.c_str(), target.data(), target.size());
  error = size < 0 ? last_error() : std::error_code{};
  return size < 0 ? std::string{}
                  : std::string{target.data(), static_cast<std::size_t>(size)};
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number result{};
  auto parsed
    = std::from_chars(text.data(), text.data() + text.size(), result, base);
  if (parsed.ec != std::errc{})
    return std::nullopt;
  return result;
}

/// The text after "NAME:" and blanks.
std::string_view field_in(std::string_view text, std::string_view name) {
  auto at = text.find(name);
  if (at == std::string_view::npos)
    return {};
  auto begin = text.find_first_not_of(" \t", at + name.size());
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin);
}

template <class Function>
void for_each_entry(const std::string& path, Function function) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(path.c_str()),
                                             ::closedir};
  while (folder)
    if (const auto* entry = ::readdir(folder.get()))
      function(std::string_view{entry->d_name});
    else
      return;
}

std::optional<std::uint64_t> anonymous_pipe(std::string_view target) {
  constexpr std::string_view prefix = "pipe:[";
  if (!target.starts_with(prefix))
    return std::nullopt;
  return number_in<std::uint64_t>(target.substr(prefix.size()));
}

// Decided by the name, as the device may belong to another container.
bool is_terminal(std::string_view target) {
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty")
         || target.starts_with("/dev/console") || target == "/dev/ptmx";
}

} // namespace

std::string process_table::path(std::int32_t pid, std::string_view what) const {
  auto result = root_ + '/' + std::to_string(pid) + '/';
  result += what;
  return result;
}

std::vector<std::int32_t> process_table::processes() const {
  std::vector<std::int32_t> result;
  for_each_entry(root_, [&](std::string_view name) {
    if (auto pid = number_in<std::int32_t>(name))
      result.push_back(*pid);
  });
  std::sort(result.begin(), result.end());
  return result;
}

std::optional<process_info> process_table::info(std::int32_t pid) const {
  auto text = read_text(path(pid, "stat"));
  // The name may hold any character, also blanks and brackets.
  auto begin = text.find('(');
  auto end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    return std::nullopt;
  process_info result;
  result.pid = pid;
  result.name = text.substr(begin + 1, end - begin - 1);
  // proc(5): fields 3 to 5, and 22.
  constexpr int fields_before_start = 16;
  std::istringstream rest{text.substr(end + 1)};
  rest >> result.state >> result.parent >> result.group;
  std::string skipped;
  for (int i = 0; i < fields_before_start; ++i)
    rest >> skipped;
  if (!(rest >> result.start_time))
    return std::nullopt;
  return result;
}

std::optional<std::uint32_t> process_table::owner(std::int32_t pid) const {
  auto text = read_text(path(pid, "status"));
  // The real, effective, saved and file-system user.
  auto ids = field_in(text, "\nUid:");
  auto blank = ids.find_first_of(" \t");
  if (blank == std::string_view::npos)
    return std::nullopt;
  return number_in<std::uint32_t>(ids.substr(blank + 1));
}

std::vector<std::string> process_table::command_line(std::int32_t pid) const {
  auto text = read_text(path(pid, "cmdline"));
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = std::min(text.find('\0', begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

std::string process_table::executable(std::int32_t pid) const {
  constexpr std::string_view deleted = " (deleted)";
  std::error_code ignored; // no permission: an empty answer
  auto result = read_link(path(pid, "exe"), ignored);
  if (result.ends_with(deleted))
    result.resize(result.size() - deleted.size());
  return result;
}

descriptor_info process_table::descriptor(std::int32_t pid, int number) const {
  auto link = path(pid, "fd/" + std::to_string(number));
  descriptor_info result;
  result.target = read_link(link, result.error);
  using enum descriptor_kind;
  if (result.error) {
    result.kind = result.error == std::errc::no_such_file_or_directory
                    ? closed
                    : unreadable;
    return result;
  }
  if (auto inode = anonymous_pipe(result.target)) {
    result.kind = pipe;
    result.pipe = {0, *inode};
    return result;
  }
  struct stat found {};
  if (result.target.starts_with("socket:"))
    result.kind = socket;
  else if (is_terminal(result.target))
    result.kind = terminal;
  else if (result.target == "/dev/null")
    result.kind = null;
  else if (!result.target.starts_with('/') || ::stat(link.c_str(), &found) != 0)
    result.kind = other;
  else if (S_ISFIFO(found.st_mode))
    result.kind = fifo;
  else
    result.kind = S_ISREG(found.st_mode) ? file : other;
  if (result.kind == fifo)
    result.pipe = {found.st_dev, found.st_ino};
  return result;
}

std::vector<pipe_holder>
process_table::holders(std::span<const pipe_id> pipes) const {
  std::vector<pipe_holder> result;
  for (auto pid : processes())
    add_holders(pid, pipes, result);
  return result;
}

void process_table::add_holders(std::int32_t pid,
                                std::span<const pipe_id> pipes,
                                std::vector<pipe_holder>& into) const {
  auto any_fifo = std::any_of(pipes.begin(), pipes.end(),
                              [](auto& p) { return p.device != 0; });
  auto folder = path(pid, "fd");
  for_each_entry(folder, [&](std::string_view name) {
    auto link = folder + '/' + std::string{name};
    std::error_code error;
    auto target = read_link(link, error);
    struct stat found {};
    pipe_id id;
    if (auto inode = anonymous_pipe(target))
      id = {0, *inode};
    else if (any_fifo && target.starts_with('/')
             && ::stat(link.c_str(), &found) == 0 && S_ISFIFO(found.st_mode))
      id = {found.st_dev, found.st_ino};
    else
      return;
    if (std::find(pipes.begin(), pipes.end(), id) == pipes.end())
      return;
    auto text = read_text(path(pid, "fdinfo/" + std::string{name}));
    auto flags = number_in<int>(field_in(text, "flags:"), 8);
    if (!flags)
      return;
    auto access = *flags & O_ACCMODE;
    into.push_back({pid, id, access != O_WRONLY, access != O_RDONLY});
  });
}

} // namespace container_agent::runtime

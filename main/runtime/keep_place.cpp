#include "main/runtime/keep_place.hpp"

#include "main/runtime/fifo_end.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace container_agent::runtime {

namespace {

constexpr std::string_view input_name = "/stdin.fifo";
constexpr std::string_view output_name = "/stdout.fifo";

constexpr mode_t only_us = 0600;

constexpr int max_place_attempts = 8;

// As much as a process without privileges may ask for. It is what Claude can
// say while no agent is there.
constexpr int capacity = 1024 * 1024;

std::string reason() {
  return last_error().message();
}

bool same_file(const std::string& name, int descriptor) {
  struct stat a {
  }, b{};
  return ::stat(name.c_str(), &a) == 0 && ::fstat(descriptor, &b) == 0
         && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace

keep_place::keep_place(std::string directory, mode_t pipe_mode)
  : directory_{std::move(directory)},
    in_{directory_ + std::string{input_name}, only_us, capacity},
    out_{directory_ + std::string{output_name}, only_us, capacity},
    errors_{directory_ + "/stderr.fifo", only_us},
    lock_{directory_ + "/agent"} {
  lock(pipe_mode);
  in_.prepare();
  out_.prepare();
  errors_.prepare();
  if (auto error = note.open(directory_ + "/moving"))
    throw fifo_error{directory_ + "/moving: " + error.message()
                     + ". Give it room and permission, or choose another "
                       "directory: --keep-dir."};
}

void keep_place::make_directory(mode_t pipe_mode) {
  make_directory_of(directory_, pipe_mode);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    throw fifo_error{"cannot make the directory " + directory_ + ": " + reason()
                     + ". Make it, or choose another: --keep-dir."};
  struct stat found {};
  if (::lstat(directory_.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    throw fifo_error{directory_
                     + " is no directory. Move it away, or choose "
                       "another: --keep-dir."};
  // Whoever may write in there could talk to Claude, or replace the pipes.
  if (found.st_uid != ::geteuid() || (found.st_mode & 022) != 0)
    throw fifo_error{
      directory_
      + " must be this user's own, and nobody else's to write to. Correct its "
        "owner and mode (0700), or choose another: --keep-dir."};
}

// An agent that ends in order takes the directory with it, perhaps right now.
void keep_place::lock(mode_t pipe_mode) {
  for (int attempt = 0; attempt < max_place_attempts; ++attempt) {
    make_directory(pipe_mode);
    auto holder = lock_.hold(only_us);
    if (!holder.empty())
      throw fifo_error{
        directory_ + ": " + holder
        + ". Stop that one, or give this one another --instance or "
          "--keep-dir."};
    if (lock_.fault().empty())
      return;
  }
  throw fifo_error{"cannot lock " + lock_.path() + ": " + lock_.fault()
                   + ". Choose another directory: --keep-dir."};
}

const fifo_place& keep_place::place(stream which) const {
  switch (which) {
    case stream::in: return in_;
    case stream::out: return out_;
    case stream::errors: break;
  }
  return errors_;
}

std::string keep_place::directory_of(std::string_view input,
                                     std::string_view output) {
  if (!input.ends_with(input_name) || !output.ends_with(output_name))
    return {};
  input.remove_suffix(input_name.size());
  output.remove_suffix(output_name.size());
  return input == output ? std::string{input} : std::string{};
}

unique_fd keep_place::open(stream which) const {
  return place(which).open(O_RDWR);
}

unique_fd keep_place::open_for_child(stream which) const {
  return unique_fd{
    ::open(place(which).current_name().c_str(), O_RDWR | O_CLOEXEC)};
}

std::optional<pid_t> keep_place::running() const {
  unique_fd file{::open((directory_ + "/pid").c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 32> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0)
    return std::nullopt;
  auto pid = static_cast<pid_t>(std::strtol(text.data(), nullptr, 10));
  auto process = "/proc/" + std::to_string(pid) + "/fd/";
  auto in = open(stream::in);
  auto out = open(stream::out);
  if (pid <= 1 || !same_file(process + '0', in.get())
      || !same_file(process + '1', out.get()))
    return std::nullopt;
  return pid;
}

// A new file: a process that an earlier agent was about to start may still
// write its number into the old one.
unique_fd keep_place::open_number() const {
  auto path = directory_ + "/pid";
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return {};
  return unique_fd{
    ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, only_us)};
}

void keep_place::remove() {
  for (auto name :
       {"/pid", "/journal", "/journal.new", "/input", "/moving", "/stdin.fifo",
        "/stdout.fifo", "/stderr.fifo", "/stdin.fifo.lock", "/stdout.fifo.lock",
        "/stderr.fifo.lock", "/agent.lock"})
    ::unlink((directory_ + name).c_str());
  ::rmdir(directory_.c_str());
}

} // namespace container_agent::runtime

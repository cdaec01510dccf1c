#include "main/runtime/journal_file.hpp"

#include "actors/loggers.hpp"
#include "main/runtime/fifo_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace container_agent::runtime {

namespace {

std::error_code write_all(int file, std::string_view text) {
  while (!text.empty()) {
    auto count = ::write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR)
      return last_error();
    if (count > 0)
      text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::error_code read_all(const std::string& path, std::string& text) {
  unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file)
    return errno == ENOENT ? std::error_code{} : last_error();
  struct stat found {};
  if (::fstat(file.get(), &found) != 0)
    return last_error();
  text.resize(static_cast<std::size_t>(found.st_size));
  std::size_t got = 0;
  while (got < text.size()) {
    auto count = ::read(file.get(), text.data() + got, text.size() - got);
    if (count < 0 && errno != EINTR)
      return last_error();
    if (count == 0)
      break;
    got += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  text.resize(got);
  return {};
}

} // namespace

journal_file::journal_file(std::string path, event_log& log)
  : path_{std::move(path)}, log_{log} {
  std::string text;
  auto error = read_all(path_, text);
  if (!error) {
    if (auto refused = now_.take_all(text))
      log_.write(log_level::error, loggers::agent, "journal_damaged",
                 {{"path", path_}, {"entries", std::uint64_t{refused}}});
    error = begin_anew();
  }
  if (error)
    throw fifo_error{path_ + ": " + error.message()
                     + ". Give it room and permission, or choose another "
                       "directory: --keep-dir."};
}

void journal_file::accepted(const std::string& uuid, const bytes& line,
                            std::uint64_t input) {
  now_.accept(uuid, line);
  now_.input = input > 0 ? input : now_.input;
  append(codec::accepted_entry(uuid, line.view(), now_.input));
  tell_input();
}

void journal_file::sent(const std::string& uuid, std::uint32_t times,
                        bool again) {
  now_.send(uuid, times, again);
  append(codec::sent_entry(uuid, times, again));
}

void journal_file::continued(const std::string& uuid, const std::string& as) {
  now_.continue_as(uuid, as);
  append(codec::continued_entry(uuid, as));
}

void journal_file::begun(const std::string& uuid) {
  now_.begin(uuid);
  append(codec::begun_entry(uuid));
}

void journal_file::answering(const std::string& uuid) {
  now_.answer(uuid);
  append(codec::answering_entry(uuid));
}

void journal_file::lifecycle() {
  now_.lifecycle = true;
  append(codec::lifecycle_entry(true));
}

void journal_file::launched() {
  now_.launch();
  append(codec::launched_entry());
}

void journal_file::ready() {
  now_.ready = true;
  append(codec::ready_entry());
}

void journal_file::settings(const std::vector<codec::host_setting>& all,
                            std::uint64_t input) {
  now_.settings = all;
  now_.input = input > 0 ? input : now_.input;
  append(codec::settings_entry(all, now_.input));
  tell_input();
}

void journal_file::asks(const std::string& request) {
  now_.ask(request);
  append(codec::asks_entry(request));
}

void journal_file::asked(const std::string& request, std::string_view answer,
                         std::uint64_t input) {
  now_.end_request(request, answer);
  now_.input = input > 0 ? input : now_.input;
  append(codec::asked_entry(request, answer, now_.input));
  tell_input();
}

void journal_file::tasks(const std::vector<std::string>& ids) {
  now_.tasks = ids;
  append(codec::tasks_entry(ids));
}

void journal_file::closed(const std::string& uuid, std::uint64_t result_end) {
  now_.close(uuid, result_end);
  append(codec::closed_entry(uuid, result_end));
}

void journal_file::failed(const std::string& uuid, std::string_view why) {
  now_.close(uuid, 0, {}, why);
  append(codec::closed_entry(uuid, 0, {}, why));
}

void journal_file::forgotten(const std::string& uuid) {
  now_.forget(uuid);
  append(codec::forgotten_entry(uuid));
}

void journal_file::session(const std::string& id, bool anew,
                           std::uint32_t failed) {
  now_.session_id = id;
  now_.anew = anew;
  now_.failed_resumes = failed;
  append(codec::session_entry(id, anew, failed));
}

void journal_file::input_taken(std::uint64_t input) {
  now_.input = input;
  append(codec::input_entry(input));
  tell_input();
}

void journal_file::tell_input() const {
  if (on_input_ && !failed_)
    on_input_(now_.input);
}

void journal_file::append(const std::string& entry) {
  grown_ += entry.size();
  // An entry behind half a one would be as lost as that.
  auto error = failed_ || grown_ > max_growth ? begin_anew()
                                              : write_all(file_.get(), entry);
  if (error)
    complain(error);
  else if (failed_)
    recovered();
}

std::error_code journal_file::make_good() {
  if (!failed_)
    return {};
  if (auto error = begin_anew())
    return error;
  recovered();
  tell_input();
  return {};
}

void journal_file::recovered() {
  failed_ = false;
  log_.write(log_level::info, loggers::agent, "journal_written_again",
             {{"path", path_}});
}

// Beside the old one, which it then takes the place of: one of both is whole.
std::error_code journal_file::begin_anew() {
  auto next = path_ + ".new";
  unique_fd file{::open(
    next.c_str(),
    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file)
    return last_error();
  auto error = write_all(file.get(), now_.text());
  if (!error && ::rename(next.c_str(), path_.c_str()) != 0)
    error = last_error();
  if (error) {
    ::unlink(next.c_str()); // it may hold the room that is missing
    return error;
  }
  file_ = std::move(file);
  grown_ = 0;
  return {};
}

// No input is read until it is made good; what was read before goes on, and a
// crash meanwhile would have it read again.
void journal_file::complain(std::error_code error) {
  if (std::exchange(failed_, true))
    return;
  log_.write(log_level::error, loggers::agent, "journal_not_written",
             {{"path", path_},
              {"error", error.message()},
              {"effect", "no input is read until it can be"}});
}

} // namespace container_agent::runtime

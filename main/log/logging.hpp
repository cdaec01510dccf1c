#pragma once

#include "actors/core/ports.hpp"
#include "main/log/log_text.hpp"
#include "main/log/log_writer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace container_agent {

enum class log_format : std::uint8_t { json, text };

/// How the event log is written.
struct log_settings {
  std::optional<log_level> level = log_level::info; ///< nothing: off
  log_format format = log_format::json;
  std::string file{}; ///< empty: stderr
};

/// The log's environment; tests have their own.
struct log_surroundings {
  int error_output = 2; ///< stderr; not closed
  std::function<std::chrono::system_clock::time_point()> now
    = std::chrono::system_clock::now;
  /// Colours if it is a terminal; off with NO_COLOR in the environment.
  bool colour = true;
};

/// The program's log: one line a record, JSON or text, to stderr or a file.
/// docs/logging.md is the manual.
///
/// Writing never waits. Lines that can't be written are counted, and when there
/// is room again, `log_lines_dropped` says how many before the next line.
class agent_log final : public event_log {
public:
  /// Throws `std::runtime_error`, with a text for the user, if the log file
  /// can't be opened.
  explicit agent_log(log_settings settings, log_surroundings around = {});
  agent_log(const agent_log&) = delete;
  agent_log& operator=(const agent_log&) = delete;
  ~agent_log() override;

  bool enabled(log_level level) const override {
    return settings_.level && level >= *settings_.level;
  }

  /// Never throws, because logging must not make its caller fail.
  void write(log_level level, std::string_view logger, std::string_view event,
             std::initializer_list<log_field> fields) noexcept override;

  /// For SIGHUP: opens the file again, under its name, so that it can be
  /// rotated. If that fails, logs so to the old one and returns false. No
  /// effect on stderr.
  bool reopen();

  /// From now on lines are gathered and written together when there is nothing
  /// else to do: a turn then does not wait for its log. `schedule` is handed
  /// the work to be done then. Errors are written at once, with what waits.
  /// Without a `schedule`, ends that, and writes what waits.
  using scheduler = std::function<void(std::function<void()>)>;
  void gather(scheduler schedule);

private:
  struct kept_record;

  template <class Work>
  void or_drop(Work work) noexcept;
  void write_gathered() noexcept;
  void put(const log_record& record) noexcept;
  void flush() noexcept;
  void tell_dropped() noexcept;

  log_settings settings_;
  log_surroundings around_;
  log_writer writer_;
  bool colour_ = false;
  scheduler schedule_;
  std::vector<kept_record> gathered_;
  std::size_t gathered_bytes_ = 0; // of texts
  std::string batch_;              // lines to be written at once
  std::uint64_t batch_lines_ = 0;
};

} // namespace container_agent

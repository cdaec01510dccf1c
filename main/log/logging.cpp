#include "main/log/logging.hpp"

#include <climits>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

// Limits for an agent that is always busy: one block of lines, and no more than
// a person would read at once.
constexpr std::size_t most_gathered = 32;
constexpr std::size_t most_gathered_bytes = 64 * 1024;

} // namespace

/// What is not spelled yet, with copies of its texts.
struct agent_log::kept_record : log_record {
  explicit kept_record(log_record given) : log_record{std::move(given)} {
    std::size_t size = 0;
    for (const auto& field : fields)
      if (const auto* text = std::get_if<std::string_view>(&field.value))
        size += text->size();
    texts.reserve(size); // none of them moves any more
    for (auto& field : fields)
      if (auto* text = std::get_if<std::string_view>(&field.value)) {
        auto at = texts.size();
        texts.insert(texts.end(), text->begin(), text->end());
        *text = {texts.data() + at, text->size()};
      }
  }

  kept_record(kept_record&&) = default; // a copy's fields would be the other's

  std::vector<char> texts;
};

agent_log::agent_log(log_settings settings, log_surroundings around)
  : settings_{std::move(settings)}, around_{std::move(around)} {
  if (settings_.file.empty())
    writer_.use(around_.error_output);
  else if (int error = writer_.open(settings_.file))
    throw std::runtime_error{"can't open the log file " + settings_.file + ": "
                             + std::generic_category().message(error)};
  colour_ = around_.colour && writer_.is_terminal()
            && std::getenv("NO_COLOR") == nullptr;
}

agent_log::~agent_log() {
  write_gathered();
  tell_dropped();
  flush();
}

void agent_log::write(log_level level, std::string_view logger,
                      std::string_view event,
                      std::initializer_list<log_field> fields) noexcept {
  if (!enabled(level))
    return;
  or_drop([&] {
    if (schedule_ && gathered_.empty())
      schedule_([this] { write_gathered(); });
    gathered_.emplace_back(
      log_record{around_.now(), level, logger, event, fields});
    gathered_bytes_ += gathered_.back().texts.size();
    if (!schedule_ || level >= log_level::error
        || gathered_.size() >= most_gathered
        || gathered_bytes_ >= most_gathered_bytes)
      write_gathered();
  });
}

bool agent_log::reopen() {
  write_gathered();
  auto error = settings_.file.empty() ? 0 : writer_.open(settings_.file);
  if (error != 0)
    write(log_level::error, "log", "log_not_reopened",
          {{"path", settings_.file},
           {"error", std::generic_category().message(error)}});
  return error == 0;
}

void agent_log::gather(scheduler schedule) {
  write_gathered();
  schedule_ = std::move(schedule);
}

/// A line that there is no memory for is lost, and counted.
template <class Work>
void agent_log::or_drop(Work work) noexcept {
  try {
    work();
  } catch (...) {
    writer_.count_dropped(1);
  }
}

void agent_log::write_gathered() noexcept {
  for (const auto& record : gathered_) {
    tell_dropped();
    put(record);
  }
  gathered_.clear();
  gathered_bytes_ = 0;
  flush();
}

// Up to PIPE_BUF bytes are written whole or not at all.
void agent_log::put(const log_record& record) noexcept {
  or_drop([&] {
    auto line = settings_.format == log_format::json
                  ? json_line(record)
                  : text_line(record, colour_);
    if (batch_.size() + line.size() > PIPE_BUF)
      flush();
    batch_ += line;
    ++batch_lines_;
  });
}

void agent_log::flush() noexcept {
  auto lines = std::exchange(batch_lines_, 0);
  or_drop([&] {
    if (lines > 0 && !writer_.write(batch_))
      writer_.count_dropped(lines - 1);
  });
  batch_.clear();
}

void agent_log::tell_dropped() noexcept {
  if (writer_.dropped() == 0 || !writer_.ready())
    return;
  auto count = writer_.take_dropped();
  or_drop([&] {
    put({around_.now(),
         log_level::warn,
         "log",
         "log_lines_dropped",
         {{"count", count}}});
  });
}

} // namespace container_agent

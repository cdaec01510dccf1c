#include "main/log/logging.hpp"

#include "main/log/log_text.hpp"
#include "main/log/log_writer.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <climits>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace container_agent {

namespace {

constexpr std::string_view own_logger = "log";

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
    case log_level::trace: return spdlog::level::trace;
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warn: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace: return "trace";
    case spdlog::level::debug: return "debug";
    case spdlog::level::info: return "info";
    case spdlog::level::warn: return "warn";
    default: return "error";
  }
}

std::string_view view(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

/// The payload of a message is its members, spelled already: spdlog has no
/// fields of its own.
class record_formatter final : public spdlog::formatter {
public:
  record_formatter(log_format format, bool colour)
    : format_{format}, colour_{colour} {}

  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    log_record_head head{message.time, name_of(message.level),
                         view(message.logger_name)};
    auto line = format_ == log_format::json
                  ? json_line(head, view(message.payload))
                  : text_line(head, view(message.payload), colour_);
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<record_formatter>(format_, colour_);
  }

private:
  log_format format_;
  bool colour_;
};

/// One thread, so no lock.
class writer_sink final
  : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  explicit writer_sink(log_writer& writer) : writer_{writer} {}

protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!batch_.empty() && batch_.size() + line.size() > PIPE_BUF)
      flush_();
    batch_.append(line.data(), line.size());
    ++lines_;
  }

  // Up to PIPE_BUF bytes are written whole or not at all.
  void flush_() override {
    auto lines = std::exchange(lines_, 0);
    if (lines > 0 && !writer_.write(batch_))
      while (--lines > 0)
        writer_.count_dropped();
    batch_.clear();
  }

private:
  log_writer& writer_;
  std::string batch_;
  std::size_t lines_ = 0;
};

/// What is not spelled yet, with copies of its texts.
struct record {
  record(std::chrono::system_clock::time_point t, log_level l,
         std::string_view logger_name, std::string_view event_name,
         std::initializer_list<log_field> given)
    : time{t}, level{l}, logger{logger_name}, event{event_name}, fields{given} {
    std::size_t size = 0;
    for (const auto& field : given)
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

  record(record&&) = default; // a copy's fields would be the other's

  std::chrono::system_clock::time_point time;
  log_level level;
  std::string_view logger;
  std::string_view event;
  std::vector<log_field> fields;
  std::vector<char> texts;
};

class spdlog_event_log final : public agent_log {
public:
  spdlog_event_log(const log_settings& settings, log_surroundings around)
    : settings_{settings}, around_{std::move(around)} {
    if (settings_.file.empty())
      writer_.use(around_.error_output);
    else if (int error = writer_.open(settings_.file))
      throw std::runtime_error{"can't open the log file " + settings_.file
                               + ": " + std::generic_category().message(error)};
    bool colour = around_.colour && writer_.is_terminal()
                  && std::getenv("NO_COLOR") == nullptr;
    sink_.set_formatter(
      std::make_unique<record_formatter>(settings_.format, colour));
  }

  ~spdlog_event_log() override {
    write_gathered();
    tell_dropped();
    sink_.flush();
  }

  bool enabled(log_level level) const override {
    return settings_.level && level >= *settings_.level;
  }

  /// Never throws, because logging must not make its caller fail.
  void write(log_level level, std::string_view logger, std::string_view event,
             std::initializer_list<log_field> fields) noexcept override {
    if (!enabled(level))
      return;
    try {
      gathered_.emplace_back(around_.now(), level, logger, event, fields);
      gathered_bytes_ += gathered_.back().texts.size();
    } catch (...) {
      return writer_.count_dropped();
    }
    if (!schedule_ || level >= log_level::error
        || gathered_.size() >= most_gathered
        || gathered_bytes_ >= most_gathered_bytes)
      write_gathered();
    else if (gathered_.size() == 1)
      write_later();
  }

  void gather(scheduler schedule) override {
    write_gathered();
    schedule_ = std::move(schedule);
  }

  void stop_gathering() override { gather({}); }

  bool reopen() override {
    write_gathered();
    if (settings_.file.empty())
      return true;
    int error = writer_.open(settings_.file);
    if (error == 0)
      return true;
    write(log_level::error, own_logger, "log_not_reopened",
          {{"path", settings_.file},
           {"error", std::generic_category().message(error)}});
    return false;
  }

private:
  // Limits for an agent that is always busy: one block of lines, and no more
  // than a person would read at once.
  static constexpr std::size_t most_gathered = 32;
  static constexpr std::size_t most_gathered_bytes = 64 * 1024;

  void write_later() noexcept {
    try {
      schedule_([this] { write_gathered(); });
    } catch (...) {
      write_gathered();
    }
  }

  void write_gathered() noexcept {
    for (const auto& one : gathered_) {
      tell_dropped();
      put(one);
    }
    gathered_.clear();
    gathered_bytes_ = 0;
    flush();
  }

  void flush() noexcept {
    try {
      sink_.flush();
    } catch (...) {
      writer_.count_dropped();
    }
  }

  void put(const record& r) noexcept {
    try {
      auto members = settings_.format == log_format::json
                       ? json_members(r.event, r.fields)
                       : text_members(r.event, r.fields);
      spdlog::details::log_msg message{
        r.time, spdlog::source_loc{},
        spdlog::string_view_t{r.logger.data(), r.logger.size()},
        to_spdlog(r.level),
        spdlog::string_view_t{members.data(), members.size()}};
      sink_.log(message);
    } catch (...) {
      writer_.count_dropped();
    }
  }

  void tell_dropped() {
    if (writer_.dropped() == 0 || !writer_.ready())
      return;
    auto count = writer_.take_dropped();
    put({around_.now(),
         log_level::warn,
         own_logger,
         "log_lines_dropped",
         {{"count", count}}});
  }

  log_settings settings_;
  log_surroundings around_;
  log_writer writer_;
  writer_sink sink_{writer_};
  scheduler schedule_;
  std::vector<record> gathered_;
  std::size_t gathered_bytes_ = 0; // of texts
};

} // namespace

std::unique_ptr<agent_log> make_event_log(const log_settings& settings,
                                          log_surroundings around) {
  return std::make_unique<spdlog_event_log>(settings, std::move(around));
}

} // namespace container_agent

#pragma once

#include "actors/core/ports.hpp"

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// Keeps all records.
class recording_log : public event_log {
public:
  struct record {
    log_level level;
    std::string logger;
    std::string event;
    std::map<std::string, std::string> fields; ///< values as text
  };

  std::vector<record> records;

  std::size_t count(std::string_view event) const;

  /// The last record of an event, or null.
  const record* last(std::string_view event) const;

  /// A field of the last record of an event; empty if there is none.
  std::string field(std::string_view event, const std::string& name) const;

  bool enabled(log_level) const override { return true; }
  void write(log_level level, std::string_view logger, std::string_view event,
             std::initializer_list<log_field> fields) override;
};

} // namespace container_agent::test

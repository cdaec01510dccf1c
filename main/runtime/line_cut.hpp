#pragma once

#include "actors/ports.hpp"
#include "messages/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace container_agent::runtime {

/// The rest of a line that is left out of an output. Logged when it has ended,
/// as `output_line_cut`.
class line_cut {
public:
  line_cut(event_log& log, const std::string& path) : log_{log}, path_{path} {}

  /// `count` bytes are left out; if it goes on, also what comes, up to a LF.
  void add(std::size_t count, bool goes_on);

  /// What is left of `data`: nothing while the line goes on.
  bytes rest_of(bytes data);

private:
  void tell_if_ended();

  event_log& log_;
  const std::string& path_;
  bool goes_on_ = false;
  std::uint64_t count_ = 0;
};

} // namespace container_agent::runtime

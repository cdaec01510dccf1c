#pragma once

#include "main/trace/record/trace_event.hpp"
#include "messages/codec/control_message.hpp"

namespace container_agent::runtime {

/// Lets those events pass that somebody wants to see. Pure.
class trace_filter {
public:
  explicit trace_filter(const codec::trace_wish& wish);

  bool passes(const trace_event& event) const;

private:
  trace_id prompt_; // none: all
  std::vector<std::string> types_;
  std::vector<std::string> actors_;
};

} // namespace container_agent::runtime

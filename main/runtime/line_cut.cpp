#include "main/runtime/line_cut.hpp"

#include "actors/loggers.hpp"

#include <utility>

namespace container_agent::runtime {

void line_cut::add(std::size_t count, bool goes_on) {
  count_ += count;
  goes_on_ = goes_on_ || goes_on;
  tell_if_ended();
}

bytes line_cut::rest_of(bytes data) {
  if (!goes_on_)
    return data;
  auto lf = data.view().find('\n');
  goes_on_ = lf == std::string_view::npos;
  auto count = goes_on_ ? data.size() : lf + 1;
  count_ += count;
  tell_if_ended();
  return data.part(count);
}

void line_cut::tell_if_ended() {
  if (goes_on_ || count_ == 0)
    return;
  log_.write(log_level::warn, loggers::pipe_output, "output_line_cut",
             {{"path", path_}, {"bytes_skipped", std::exchange(count_, 0)}});
}

} // namespace container_agent::runtime

#include "main/trace/trace_tools.hpp"

#include "main/trace/chrome_writer.hpp"

#include <ostream>

namespace container_agent::trace {

namespace {

int convert_to_chrome(const std::vector<trace_input>& inputs, std::ostream& out,
                      std::ostream& err) {
  chrome_writer writer{out};
  auto read = read_trace(
    inputs, [&](const auto& event, auto) { writer.write(event); }, err);
  writer.finish();
  return close_reading(read, err);
}

} // namespace

int convert(const conversion& what, const std::vector<trace_input>& inputs,
            std::ostream& out, std::ostream& err) {
  auto code = convert_to_chrome(inputs, out, err);
  (void)what;
  return finish_output(out, err) ? code : 1;
}

} // namespace container_agent::trace

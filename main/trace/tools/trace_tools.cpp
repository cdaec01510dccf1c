#include "main/trace/tools/trace_tools.hpp"

#include "main/trace/read/life_tree.hpp"
#include "main/trace/tools/chrome_writer.hpp"
#include "main/trace/tools/mermaid.hpp"
#include "main/trace/tools/otlp_writer.hpp"

#include <ostream>

namespace container_agent::trace {

namespace {

// Mermaid's own limits, unless they are raised where it is shown.
constexpr std::size_t mermaid_characters = 50'000;

int convert_to_chrome(const std::vector<trace_input>& inputs, std::ostream& out,
                      std::ostream& err) {
  chrome_writer writer{out};
  auto read = read_trace(
    inputs, [&](const auto& event, auto) { writer.write(event); }, err);
  writer.finish();
  return close_reading(read, err);
}

int convert_to_otlp(bool all, const std::vector<trace_input>& inputs,
                    std::ostream& out, std::ostream& err) {
  otlp_writer writer{out, all};
  auto read = read_trace(
    inputs, [&](const auto& event, auto) { writer.write(event); }, err);
  writer.finish();
  if (writer.left_out() > 0)
    err << "note: " << writer.left_out() << " events were left out: they "
        << "belong to no prompt; --all takes them in\n";
  if (writer.orphans() > 0)
    err << "note: " << writer.orphans() << " spans have no parent: what caused "
        << "them is not in the trace, or too far back\n";
  return close_reading(read, err);
}

int convert_to_mermaid(std::string_view prompt,
                       const std::vector<trace_input>& inputs,
                       std::ostream& out, std::ostream& err) {
  auto life = read_life(prompt, inputs, err);
  auto diagram = mermaid_diagram(life);
  if (!life.events.empty())
    out << diagram;
  if (diagram.size() > mermaid_characters)
    err << "note: the diagram has " << diagram.size() << " characters; Mermaid "
        << "shows 50000 unless its maxTextSize is raised\n";
  return close_life(life, err);
}

} // namespace

int convert(const conversion& what, const std::vector<trace_input>& inputs,
            std::ostream& out, std::ostream& err) {
  auto code = 1;
  if (what.to == "chrome")
    code = convert_to_chrome(inputs, out, err);
  else if (what.to == "otlp")
    code = convert_to_otlp(what.all, inputs, out, err);
  else if (what.to == "mermaid" && !what.prompt.empty())
    code = convert_to_mermaid(what.prompt, inputs, out, err);
  else if (what.to == "mermaid")
    err << "error: --to mermaid shows one prompt: say which with --prompt\n";
  else
    err << "error: cannot convert to \"" << what.to
        << "\": it is chrome, otlp or mermaid\n";
  return finish_output(out, err) ? code : 1;
}

int show(std::string_view prompt, const std::vector<trace_input>& inputs,
         std::ostream& out, std::ostream& err) {
  auto life = read_life(prompt, inputs, err);
  out << life_tree(life);
  auto code = close_life(life, err);
  return finish_output(out, err) ? code : 1;
}

} // namespace container_agent::trace

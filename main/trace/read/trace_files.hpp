#pragma once

#include "main/trace/read/trace_reader.hpp"

#include <fstream>
#include <iosfwd>
#include <list>
#include <string>
#include <vector>

namespace container_agent::trace {

/// The files that a trace tool was asked to read, in the order given; "-" is
/// the standard input.
class trace_files {
public:
  trace_files(const std::vector<std::string>& names, std::istream& standard);

  /// Why one of them cannot be read; empty: all can.
  const std::string& error() const { return error_; }

  const std::vector<trace_input>& inputs() const { return inputs_; }

private:
  void open(const std::string& name);

  std::list<std::ifstream> files_;
  std::vector<trace_input> inputs_;
  std::string error_;
};

} // namespace container_agent::trace

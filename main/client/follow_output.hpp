#pragma once

#include "main/loop/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// What commands share that show things as they come (`trace follow`, `tail`).
namespace container_agent {

/// SIGINT and SIGTERM as a descriptor that becomes readable. They cut a write
/// short, too, that waits for a reader. One object a process.
class end_signals {
public:
  end_signals();
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;

  int descriptor() const { return event_.get(); }

private:
  runtime::unique_fd event_;
};

/// Writes all of it to stdout. False: nobody reads any more, or a signal came.
/// Throws `std::system_error`.
bool write_out(std::string_view text);

/// One line on stderr; returns the exit code of a command that failed, 1.
std::int32_t complain(const std::string& what);

} // namespace container_agent

#include "main/client/tail.hpp"

#include "main/cli/value_text.hpp"
#include "main/client/follow_output.hpp"
#include "main/storage/log_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace container_agent {

namespace {

using storage::log_reader;
using storage::reader_error;

std::uint64_t offset_of(const std::string& from, const log_reader& events) {
  if (from == "start")
    return events.begin();
  if (from == "end")
    return events.end();
  return parse_count(from).value_or(0);
}

/// False: it is over.
bool print_all(log_reader& events) {
  for (auto lines = events.read_lines(); !lines.empty();
       lines = events.read_lines())
    if (!write_out(lines))
      return false;
  return true;
}

/// Until the log has changed. False: a signal, or nobody reads any more.
bool wait_for_more(log_reader& events, const end_signals& signals) {
  std::array<pollfd, 3> waits{{{events.watch(), POLLIN, 0},
                               {signals.descriptor(), POLLIN, 0},
                               {STDOUT_FILENO, 0, 0}}};
  if (::poll(waits.data(), waits.size(), -1) < 0)
    return errno == EINTR; // the signal's descriptor tells
  return waits[1].revents == 0 && waits[2].revents == 0;
}

void print(log_reader& events, bool follow) {
  end_signals signals;
  if (follow)
    events.watch(); // before it is read: else what comes between is missed
  while (print_all(events) && follow && wait_for_more(events, signals))
    events.acknowledge();
}

} // namespace

std::int32_t tail_events(const client_options& settings) {
  if (settings.state.empty())
    return complain("with --state-dir none the conversation is in the agent's "
                    "memory only");
  try {
    log_reader events{settings.state};
    events.seek(offset_of(settings.from, events));
    print(events, settings.follow);
    return EXIT_SUCCESS;
  } catch (const reader_error& error) {
    return complain(error.what());
  } catch (const std::system_error& error) {
    return complain(error.what());
  }
}

} // namespace container_agent

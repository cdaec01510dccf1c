#pragma once

#include "actors/loggers.hpp"
#include "main/options.hpp"
#include "main/runtime/input_spool.hpp"
#include "main/runtime/journal_file.hpp"
#include "main/runtime/keep_place.hpp"
#include "main/runtime/kept_child.hpp"
#include "main/runtime/lost_results.hpp"

#include <csignal>
#include <cstdint>
#include <string>

namespace container_agent {

/// What `--keep-claude` needs: where Claude is found again, Claude, and what
/// the next agent has to know.
struct kept_parts {
  runtime::keep_place place;
  runtime::journal_file notes;
  runtime::input_spool spool;
  runtime::kept_child process;

  /// Throws `runtime::fifo_error`.
  kept_parts(runtime::event_loop& loop, event_log& log, const options& settings)
    : place{settings.claude.keep_directory, settings.pipes.permissions},
      notes{place.journal_path(), log},
      process{loop, place} {
    auto path = place.input_path();
    if (auto error = spool.open(path, notes.conversation().input))
      throw runtime::fifo_error{path + ": " + error.message()
                                + ". Give it room and permission, or choose "
                                  "another directory: --keep-dir."};
    if (spool.begins_anew())
      notes.input_taken(0);
    spool.before_read([this] { return notes.make_good(); });
    notes.on_input([this](std::uint64_t input) { spool.release(input); });
    process.before_start([this] { notes.launched(); });
    if (!process.found())
      process.lose_output(
        runtime::end_of_lost_output(notes.conversation(), place.note));
  }

  /// See `runtime::words_of_loss`.
  std::string first_words(const actor_context& context) const {
    return runtime::words_of_loss(notes.conversation(), place.note,
                                  process.output_standing(), context);
  }

  runtime::managed_child& managed() { return process; }

  /// After the last actor's end. `left`: Claude is the next agent's. `over`:
  /// nothing of the conversation is to be taken up again.
  void conclude(event_log& log, bool left, bool over) {
    if (!left && process.running()) // the actors that end it were given up
      if (auto error = process.signal_group(SIGKILL))
        log.write(log_level::error, loggers::claude_process, "group_not_killed",
                  {{"error", error.message()}});
    if (over && !process.running())
      place.remove();
  }
};

} // namespace container_agent

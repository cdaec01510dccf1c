#pragma once

#include "messages/bytes.hpp"
#include "messages/codec/host_setting.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::codec {

/// A prompt that has no result yet.
struct kept_prompt {
  std::string uuid;
  bytes line;                 ///< for Claude, with its LF
  std::uint32_t sent = 0;     ///< to a child, how often; 0: it waits
  bool begun = false;         ///< the last of them has said that it has it
  std::string continued_as{}; ///< by this uuid Claude goes on with it, if so
  bool again = false;     ///< an earlier child had it under the name it has now
  bool answering = false; ///< a child had begun to answer it under that name
};

/// A prompt that has its result, or has failed.
struct closed_prompt {
  std::string uuid;

  /// Where in all that Claude has said its result ends; 0: it needs none, as
  /// the host was told otherwise.
  std::uint64_t result_end = 0;

  /// Its result names this uuid; empty: its own.
  std::string continued_as{};
  std::string failure{}; ///< why it has failed, if it has
};

/// What an agent has to know to go on where an earlier one stopped, and the
/// entries of the journal that this is kept in: JSON, a line each.
///
/// | entry                           | what has happened                      |
/// | ------------------------------- | -------------------------------------- |
/// | `{"accepted":UUID,"line":TEXT}` | a prompt was taken                     |
/// | `{"sent":UUID,"times":N}`       | it is given to a child, the Nth time   |
/// | … `"again":true`                | … as an earlier one under this name    |
/// | `{"begun":UUID}`                | that child has it                      |
/// | `{"answering":UUID}`            | that child has begun to answer it      |
/// | `{"continued":UUID,"as":UUID}`  | Claude knows it by that uuid now;      |
/// |                                 | empty: by its own again                |
/// | `{"lifecycle":true}`            | that child reports the life of prompts |
/// | `{"lifecycle":false}`           | a child before it did                  |
/// | `{"launched":true}`             | what was begun, another child has not  |
/// | `{"ready":true}`                | it has all that the host had set       |
/// | `{"settings":[SETTING,…]}`      | all that the host has set by now       |
/// | `{"closed":UUID,"until":N}`     | it has its result, which ends there    |
/// | `{"closed":UUID,"failed":WHY}`  | it has failed                          |
/// | … `"as":UUID`                   | … and Claude knew it by that uuid      |
/// | `{"forgotten":UUID}`            | it has failed, and may run again       |
/// | `{"asks":ID}`                   | the child waits for the host's answer  |
/// | `{"asked":ID,"line":TEXT}`      | this is the answer; without ID: to one |
/// |                                 | that is not known any more             |
/// | `{"asked":ID}`                  | it does not wait any more              |
/// | `{"tasks":[ID,…]}`              | these run in the background now        |
/// | `{"session":ID,"anew":BOOL}`    | the session to resume, or none         |
/// | … `"failed":N`                  | … which has failed so often in a row   |
/// | `{"input":N}`                   | input up to here was dealt with        |
///
/// `accepted`, `asked` and `settings` may have `input`, too. A SETTING is
/// `{"id":ID,"line":TEXT,"acknowledged":BOOL}`, see `host_setting`.
class kept_conversation {
public:
  /// Uuids of closed prompts that are remembered, as many as the queue does.
  static constexpr std::size_t max_closed = 16 * 1024;

  /// 1 MiB: the answers that are remembered, the latest at least. More than a
  /// turn has under way at once.
  static constexpr std::size_t max_answer_bytes = 1024 * 1024;

  /// In the order of their acceptance.
  std::deque<kept_prompt> prompts;

  /// The oldest first.
  std::deque<closed_prompt> closed;

  /// Requests of the child's that wait for the host's answer, the oldest first.
  std::deque<std::string> open_requests;

  /// The host's answers since the last end of a turn, the oldest first, each
  /// with its LF: the child may not have got them.
  std::deque<std::string> answers;

  /// Tasks of the child's that run in the background.
  std::vector<std::string> tasks;

  /// The child reports the life of prompts (`command_lifecycle`); so did one
  /// before it.
  bool lifecycle = false;
  bool lifecycle_before = false;

  std::string session_id;
  bool anew = false;                ///< the session was lost: begin another one
  std::uint32_t failed_resumes = 0; ///< of it, in a row

  /// What the host has set in Claude, in the order to set it again.
  std::vector<host_setting> settings;

  /// The child has it all. Of an agent that did not note it: not known.
  bool ready = false;

  /// Bytes of the host's input that were dealt with.
  std::uint64_t input = 0;

  void accept(std::string_view uuid, bytes line);
  void send(std::string_view uuid, std::uint32_t times, bool again = false);
  void begin(std::string_view uuid);
  void answer(std::string_view uuid);
  void continue_as(std::string_view uuid, std::string_view as);

  /// The next child has none of them yet.
  void launch();
  void ask(std::string_view request);
  /// `answer`: see `answers`; empty if there is none.
  void end_request(std::string_view request, std::string_view answer);
  void close(std::string_view uuid, std::uint64_t result_end,
             std::string_view as = {}, std::string_view failure = {});

  /// A prompt that has failed is about to be accepted anew.
  void forget(std::string_view uuid);

  /// Takes an entry, without its LF. False if it is none: then nothing happens.
  bool take(std::string_view entry);

  /// Takes a whole journal. What follows its last LF was not finished, and is
  /// left out. Returns the number of entries that were none.
  std::size_t take_all(std::string_view journal);

  /// The shortest journal that comes to the same.
  std::string text() const;

private:
  kept_prompt* find(std::string_view uuid);
};

// Each entry with its LF.
std::string accepted_entry(std::string_view uuid, std::string_view line,
                           std::uint64_t input);
std::string sent_entry(std::string_view uuid, std::uint32_t times,
                       bool again = false);
std::string begun_entry(std::string_view uuid);
std::string answering_entry(std::string_view uuid);
std::string continued_entry(std::string_view uuid, std::string_view as);
std::string lifecycle_entry(bool of_this_one);
std::string launched_entry();
std::string ready_entry();
std::string settings_entry(const std::vector<host_setting>& settings,
                           std::uint64_t input);
std::string closed_entry(std::string_view uuid, std::uint64_t result_end,
                         std::string_view as = {},
                         std::string_view failure = {});
std::string forgotten_entry(std::string_view uuid);
std::string asks_entry(std::string_view request);
std::string asked_entry(std::string_view request, std::string_view answer,
                        std::uint64_t input);
std::string tasks_entry(const std::vector<std::string>& ids);
std::string session_entry(std::string_view id, bool anew,
                          std::uint32_t failed = 0);
std::string input_entry(std::uint64_t input);

} // namespace container_agent::codec

#pragma once

#include "test/support/deadline.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace container_agent::test {

/// How often a prompt was asked, and how often its reply was sent to the end.
/// A turn with a tool in it is one of each; what Claude Code tries again after
/// an error or a dropped connection is asked again.
struct prompt_runs {
  std::size_t started = 0;
  std::size_t finished = 0;
};

/// An offline stand-in for the Messages API, for the real Claude Code: HTTP on
/// 127.0.0.1 only, one thread.
///
/// It answers `POST /v1/messages` (server-sent events or one document),
/// `POST /v1/messages/count_tokens` and `HEAD /`; anything else is 404.
///
/// A word of the prompt (upper case, the first that is in this table) chooses
/// the reply. The prompt is the last block of text that the user wrote;
/// replies repeat up to 1,000 bytes of it.
///
/// | word              | reply                                              |
/// | ----------------- | -------------------------------------------------- |
/// | (none)            | `You said: PROMPT (this is turn N of our           |
/// |                   | conversation)`, N counted in what Claude Code sent |
/// | `RECALL`          | `Until now you said: A \| B \| …`, all prompts     |
/// |                   | before this one                                    |
/// | `ANSWERS`         | `Until now I said: A \| B \| …`, all answers        |
/// | `SLOW`            | the same as for none, but after `You said: ` not a |
/// |                   | byte until the gate is open or the client leaves   |
/// | `TOUCH PATH`      | use of the tool Bash: `touch PATH`; then           |
/// |                   | `The tool said: …` or `The tool was refused: …`    |
/// | `HELD`            | the same as for none, but not a byte until the     |
/// |                   | gate is open                                       |
/// | `RUN COMMAND…`    | use of the tool Bash: the rest of the prompt; then |
/// |                   | as for `TOUCH`; `BASH` is the same, and with the    |
/// |                   | word `SLOW` in it the answer waits for the gate    |
/// | `RUN-HELD …`      | the same, and the answer after it as for `HELD`    |
/// | `BACKGROUND …`    | the same as `RUN`, in the background               |
/// | `HALF`            | a text with half a surrogate pair in it            |
/// | `LONG N`          | N characters (at most 1,000,000,000): ten a word,  |
/// |                   | each word the number of its first character        |
/// | `ERROR S [TIMES]` | status S (400–599), always or the first TIMES      |
/// |                   | times; then as for none. From 500 on Claude Code   |
/// |                   | tries again, ten times with growing delays         |
/// | `DROP [TIMES]`    | the connection is cut in mid-reply, the first      |
/// |                   | TIMES (1) times; then as for none                  |
///
/// A prompt that the agent has sent again because Claude Code had begun it is
/// answered as if there were no such word, so no tool is used.
///
/// For tests in other processes:
///
/// | request                 | effect                                       |
/// | ----------------------- | -------------------------------------------- |
/// | `POST /control/release` | opens the gate                               |
/// | `POST /control/hold`    | closes it (it is closed at the start)        |
/// | `GET /control/runs`     | `{PROMPT: {"started": 1, "finished": 1}, …}` |
///
/// Requests without tools are Claude Code's own (titles, quota): they get a
/// short answer and are not counted.
class messages_api_server {
public:
  /// Listens at once; port 0: any free one. With `log` each request becomes a
  /// line of JSON in that file. Throws boost::system::system_error when the
  /// port is taken, std::system_error when the log cannot be opened.
  messages_api_server(boost::asio::io_context& context, std::uint16_t port,
                      const std::filesystem::path& log = {});
  ~messages_api_server();

  [[nodiscard]] std::uint16_t port() const noexcept;

  // All of these on the loop's thread only.

  void release();
  void hold();
  [[nodiscard]] prompt_runs runs(std::string_view prompt) const;

  /// Calls back once the prompt has been asked `n` times; at once if it has.
  void when_started(std::string prompt, std::size_t n,
                    std::function<void()> callback);

  /// Stops listening and cuts all connections.
  void close();

private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

/// The same on a thread of its own, for a test.
class messages_api {
public:
  messages_api();
  messages_api(messages_api&&) = delete;
  ~messages_api();

  /// For ANTHROPIC_BASE_URL.
  [[nodiscard]] std::string url() const;

  /// Opens the gate for `SLOW`.
  void release();

  /// Closes it again.
  void hold();

  prompt_runs runs(std::string_view prompt);

  /// Waits until the prompt has been asked `n` times: the turn runs. Throws
  /// std::runtime_error when that takes longer than `patience`.
  void wait_started(std::string_view prompt, std::size_t n = 1,
                    std::chrono::seconds patience = default_patience);

private:
  boost::asio::io_context context_;
  messages_api_server server_;
  std::thread thread_;
};

} // namespace container_agent::test

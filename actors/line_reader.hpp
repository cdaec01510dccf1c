#pragma once

#include "actors/credit.hpp"
#include "actors/ports.hpp"
#include "messages/codec/json_lines.hpp"
#include "messages/codec/line_framer.hpp"
#include "messages/payloads.hpp"

#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace container_agent {

/// What `pipe_input` reads with, and what outlives it: the FIFO's end, the line
/// or message that is half read, and what the conversation has not taken yet.
class line_reader {
public:
  struct config {
    std::size_t max_line = 16 * 1024 * 1024;
    bool raw = false;         ///< bytes, no lines
    bool json = true;         ///< an object of JSON may go over several lines
    bool exit_on_eof = false; ///< the input ends with its last writer
  };

  using delivery = std::variant<host_line, host_input_ended>;

  line_reader(byte_source& source, config c);

  /// Whom to tell that something was read.
  void on_arrival(notification notify) { notify_ = std::move(notify); }

  /// Moves lines into the outbox while credit allows, and reads on when there
  /// is none left. Call it after anything has changed.
  void advance();

  /// Reads no more; what was read is still delivered, half a line as cut unless
  /// it `goes_on`. False if it was stopped before.
  bool stop(bool goes_on = false);

  /// Reading has failed for a reason that may pass (`byte_source::trouble`):
  /// nothing is read until `try_again`.
  bool held() const { return held_; }
  void try_again() { held_ = false; }

  /// Why nothing can be read now; empty if it can.
  std::string trouble() const { return source_.trouble(); }

  /// Why reading has failed, if it has; told once, then it is tried again.
  std::error_code take_error() { return std::exchange(error_, {}); }

  /// Bytes that nobody has read yet.
  std::size_t unread() const { return source_.unread(); }

  outbox<delivery> to_conversation;

private:
  bool may_deliver() const;
  void read();
  void take(const byte_source::result& result);
  bool deliver_next();
  void deliver(codec::framed_line line);
  void deliver_items();

  byte_source& source_;
  config config_;
  notification notify_;
  codec::line_framer framer_;
  codec::json_lines json_;
  std::vector<codec::json_lines::item> items_;
  bytes raw_;
  std::uint64_t lines_ = 0;
  std::uint64_t read_to_ = 0; // in the input, if its source says where it is
  bool reading_ = false;
  bool held_ = false;
  bool at_end_ = false;   // the writers have left: what is half read is cut
  bool finished_ = false; // no more will be read
  bool goes_on_ = false;  // with the next agent, which reads half a line whole
  bool told_finished_ = false;
  std::error_code error_;
};

} // namespace container_agent

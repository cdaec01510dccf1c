#pragma once

#include "actors/core/ports.hpp"
#include "messages/codec/envelope.hpp"
#include "messages/records/agent_record.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// A line that Claude has written, while it is dealt with.
struct claude_line {
  enum class kind : std::uint8_t {
    whole,
    torn,   ///< Claude ended within it; the agent has ended the line
    joined, ///< what the agent has of it is no line: it came in the middle
    late,   ///< the conversation is over, and nobody waits for it
  };

  const codec::envelope& head;
  codec::event_range where; ///< with its LF
  kind what = kind::whole;

  // It may have begun before the block that it ends in.
  const stream_log& log;
  std::string_view block;
  std::uint64_t block_begin = 0;

  /// Without its LF.
  std::string text() const;

  /// Likewise.
  std::uint64_t size() const { return where.to - where.from - 1; }
};

/// The conversation's place in the log of events: which of Claude's lines is
/// next, and which of the lines there are not Claude's. It knows what was left
/// out of the log for the host, too.
class event_reader {
public:
  using handler = std::function<void(const claude_line&)>;

  /// `is_shown`: the host reads this log, and not one that is made of it.
  event_reader(stream_log& log, bool is_shown,
               codec::envelope_scanner::limits limits);

  /// What an earlier agent has left out, and the host may still come to.
  void recall(std::deque<codec::event_range> left_out);

  // -- reading ----------------------------------------------------------------

  /// Goes back to the beginning of a line whose handler has thrown.
  void rewind();

  /// Hands each whole line of Claude's to `call`, as far as the log goes. False
  /// if one is there that may not be read yet: no child is known of, so it is
  /// the next one's, who is to be told of first.
  bool read(bool child_known, const handler& call);

  /// All that was read are whole lines.
  bool at_line_end() const { return line_begin_ == read_to_; }

  std::uint64_t read_to() const { return read_to_; }

  /// Lines of Claude's so far.
  std::uint64_t heard() const { return heard_; }

  // -- lines that are not Claude's, or not whole ------------------------------

  /// This line, with its LF, is the agent's own though it looks like one of
  /// Claude's. It may have to wait until a line of Claude's has its end.
  void expect_own(std::string line) { own_.push_back(std::move(line)); }

  /// A child was joined, perhaps in the middle of a line.
  void join(bool midstream) { joining_ = midstream; }

  /// Ends a line that nobody will finish.
  void end_torn_line();

  /// The same for a Claude that died with its agent, before anything is read.
  /// True if only the end of the line was missing: it is read as any other.
  bool end_whole_line();

  /// Reading begins behind what is there. Returns the line that was torn, which
  /// is left out.
  std::optional<codec::event_range> begin_behind();

  /// All of the child's output was read. Returns the line that it ended in.
  std::optional<codec::event_range> end_child();

  /// From now on all of Claude's lines are `late`.
  void close() { closed_ = true; }
  bool closed() const { return closed_; }

  // -- for the host -----------------------------------------------------------

  /// The host is not shown the line that is being read.
  void leave_out();

  /// Those that were left out and that the host has not come to yet.
  const std::deque<codec::event_range>& left_out() const { return left_out_; }

  /// The host may have this log up to here.
  std::uint64_t shown_to() const;

  /// Nothing before this is needed here, nor by the host, who has the log up to
  /// `shown`.
  std::uint64_t needed_from(std::uint64_t shown);

  /// 2 MiB: the next agent may begin so far before what the host has.
  static constexpr std::uint64_t max_repeated = 2 * 1024 * 1024;

  /// 1 MiB: the host gets a longer line of Claude's before it is whole.
  static constexpr std::uint64_t max_held_line = 1024 * 1024;

private:
  bool end_line(std::string_view block, std::uint64_t block_begin,
                bool child_known, const handler& call);
  bool is_own(const claude_line& line);
  bool is_torn() const { return torn_ && torn_->from == line_begin_; }
  claude_line::kind kind_of(const claude_line& line);

  stream_log& log_;
  bool is_shown_;
  codec::envelope_scanner scanner_;
  std::uint64_t read_to_;
  std::uint64_t line_begin_;
  bool at_work_ = false; // on a line; still, if that has thrown
  std::uint64_t heard_ = 0;
  std::deque<std::string> own_;            // those in Claude's name, to come
  std::optional<codec::event_range> torn_; // the one in which Claude ended
  bool joining_ = false; // the next one's beginning may have gone elsewhere
  bool closed_ = false;
  std::deque<codec::event_range> left_out_;
};

} // namespace container_agent

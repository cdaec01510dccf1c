#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

/// Delivery between two actors of which either may be restarted at any time.
/// The sender's outbox and the receiver's inbox outlive them: a new sender
/// sends again what was not taken, a receiver ignores what it has.
///
/// Credit is granted for several items at once, so what was taken may not be
/// told for a while. A sender that has to know asks: it sends its last item
/// again, and a receiver answers what it has already at once.
namespace container_agent {

namespace detail {

template <class Item>
std::uint64_t& sequence_of(Item& item) {
  return item.sequence;
}

template <class... Items>
std::uint64_t& sequence_of(std::variant<Items...>& item) {
  return std::visit([](auto& x) -> std::uint64_t& { return x.sequence; }, item);
}

} // namespace detail

/// The sender's half: what the receiver has not taken yet, in order, and how
/// far its credit goes.
template <class Item>
class outbox {
public:
  void push(Item item) {
    detail::sequence_of(item) = ++last_;
    items_.push_back(std::move(item));
  }

  /// The next item that credit allows to send, or null. Ask until null.
  const Item* next() {
    if (sent_ >= last_ || sent_ >= limit_)
      return nullptr;
    ++sent_;
    return &items_[static_cast<std::size_t>(sent_ - taken() - 1)];
  }

  /// Whether one more item, pushed now, could be sent at once.
  bool may_send() const { return last_ < limit_; }

  template <class Window>
  void update(const Window& window) {
    while (!items_.empty()
           && detail::sequence_of(items_.front()) <= window.taken)
      items_.pop_front();
    if (sent_ < taken())
      sent_ = taken();
    if (window.limit > limit_)
      limit_ = window.limit;
  }

  /// Credit that was given and not used yet can be taken back.
  void limit_to(std::uint64_t limit) { limit_ = limit; }

  /// The item to send again, to be told whether it was taken; null if nothing
  /// is left to be told, was not sent yet, or was asked for.
  const Item* ask() {
    if (items_.empty() || sent_ < last_ || asked_ == last_)
      return nullptr;
    asked_ = last_;
    return &items_.back();
  }

  /// The receiver is a new one: what was not taken goes out again.
  void rewind() {
    sent_ = taken();
    asked_ = 0;
  }

  /// Forgets everything not taken; sequence numbers go on. For a receiver that
  /// is not merely restarted but a different one (another child process).
  void clear() {
    items_.clear();
    sent_ = last_;
  }

  bool empty() const { return items_.empty(); }

  /// What was not taken yet.
  const std::deque<Item>& items() const { return items_; }

  /// Items not taken yet, as far as was told.
  std::size_t size() const { return items_.size(); }

  /// Items that wait for credit.
  std::uint64_t unsent() const { return last_ - sent_; }

  std::uint64_t next_sequence() const { return last_ + 1; }

private:
  std::uint64_t taken() const { return last_ - items_.size(); }

  std::deque<Item> items_;
  std::uint64_t last_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t limit_ = 0;
};

/// Bytes of an item towards Claude that are few: a prompt, no piece of a file.
inline constexpr std::size_t small_input = 16 * 1024;

/// The receiver's half: what it has taken.
class inbox {
public:
  /// Whether the item with this number is the next one. Others are dropped: it
  /// was taken before, or those before it were lost with an earlier receiver
  /// and will come again with it.
  bool expects(std::uint64_t sequence) const { return sequence == taken_ + 1; }

  /// The expected item has been dealt with. Not before: should dealing with it
  /// throw, it comes again.
  void take() { ++taken_; }

  /// The sender will begin with `first`.
  void begin_at(std::uint64_t first) { taken_ = first - 1; }

  std::uint64_t taken() const { return taken_; }

  /// "You may send `credit` more than I have taken."
  template <class Window>
  Window window(std::uint64_t credit) const {
    return {taken_, taken_ + credit};
  }

private:
  std::uint64_t taken_ = 0;
};

/// How many items of an outbox its receiver has not taken, whether it has told
/// so or not: for whoever sees both.
template <class Item>
std::uint64_t untaken(const outbox<Item>& from, const inbox& to) {
  return from.next_sequence() - 1 - to.taken();
}

/// What the receiving actor has told of its inbox, and what it should tell.
template <class Window>
class credit_line {
public:
  /// After less than `small` bytes the sender is told at once. That is for the
  /// way to Claude, where it is done while Claude works: an agent that falls
  /// asleep instead wakes later for the answer (docs/performance.md).
  explicit credit_line(std::size_t small = 0) : small_{small} {}

  /// The sender is a new one, which has been told nothing.
  void forget() { *this = credit_line{small_}; }

  /// An item of so many bytes was taken.
  void took(std::size_t size) { untold_bytes_ += size; }

  /// An item came that was taken before: its sender wants to know.
  void asked() { asked_ = true; }

  /// The window to send now, if any: when half of the credit is used up, much
  /// was taken, or the sender has asked.
  std::optional<Window> due(const inbox& from, std::uint64_t credit) {
    auto now = from.window<Window>(credit);
    auto left = told_.limit - std::min(told_.limit, now.taken);
    auto used = now.limit > told_.limit && 2 * left <= credit;
    auto unasked = now.taken != told_.taken
                   && (untold_bytes_ < small_ || untold_bytes_ >= max_untold);
    if (!used && !unasked && !asked_)
      return std::nullopt;
    asked_ = false;
    untold_bytes_ = 0;
    told_ = now;
    return now;
  }

  const Window& told() const { return told_; }

private:
  // The sender keeps what it was not told of: two pieces of a pipe's size.
  static constexpr std::size_t max_untold = 128 * 1024;

  std::size_t small_;
  Window told_;
  std::size_t untold_bytes_ = 0;
  bool asked_ = false;
};

} // namespace container_agent

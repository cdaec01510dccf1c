#pragma once

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/none.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace container_agent {

/// Where bytes stay that nobody looks at on their way: not in memory.
class byte_store {
public:
  virtual ~byte_store() = default;

  /// All that was put in. Reads it into memory, should somebody look after all.
  /// Throws std::logic_error if any of it was moved away.
  virtual std::string_view view() = 0;
};

/// Immutable bytes, shared instead of copied on their way from actor to actor.
/// A part keeps the whole block alive, so parts are taken only of blocks that
/// are on their way out anyway.
///
/// They are in memory, or in a `byte_store`: those can be written once only, by
/// one who knows the store.
class bytes {
public:
  bytes() = default;

  explicit bytes(std::string content) {
    auto owner = std::make_shared<const std::string>(std::move(content));
    size_ = owner->size();
    block_ = std::shared_ptr<const char>{owner, owner->data()};
  }

  /// The first `size` bytes of a block, which nobody writes to from now on.
  bytes(std::shared_ptr<const char> block, std::size_t size)
    : block_{std::move(block)}, size_{size} {}

  /// The first `size` bytes of a store, which is theirs from now on.
  bytes(std::shared_ptr<byte_store> store, std::size_t size)
    : store_{std::move(store)}, size_{size} {}

  explicit bytes(std::string_view content) : bytes{std::string{content}} {}

  explicit bytes(const char* content) : bytes{std::string{content}} {}

  std::string_view view() const {
    if (store_)
      return store_->view().substr(offset_, size_);
    return block_ ? std::string_view{block_.get() + offset_, size_}
                  : std::string_view{};
  }

  /// Null if they are in memory.
  byte_store* store() const { return store_.get(); }

  /// Where in their store they begin.
  std::size_t store_offset() const { return offset_; }

  std::size_t size() const { return size_; }

  bool empty() const { return size_ == 0; }

  /// The bytes from `offset` on, at most `count` of them, without a copy.
  bytes part(std::size_t offset, std::size_t count = std::string::npos) const {
    bytes result{*this};
    offset = offset < size_ ? offset : size_;
    result.offset_ += offset;
    result.size_ = count < size_ - offset ? count : size_ - offset;
    if (origin_ != nowhere)
      result.origin_ += offset;
    return result;
  }

  /// Where the first byte stands in the stream that these are a copy of, while
  /// the stream may still hold them (`--keep-claude`); else `nowhere`. Parts
  /// know theirs, too.
  std::uint64_t origin() const { return origin_; }

  bytes with_origin(std::uint64_t position) const {
    bytes result{*this};
    result.origin_ = position;
    return result;
  }

  static constexpr std::uint64_t nowhere = UINT64_MAX;

  friend bool operator==(const bytes& a, const bytes& b) {
    return a.view() == b.view();
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, bytes& x) {
    std::string content{x.view()};
    return f(content, caf::meta::load_callback([&x, &content]() -> caf::error {
               x = bytes{std::move(content)};
               return caf::none;
             }));
  }

private:
  std::shared_ptr<const char> block_;
  std::shared_ptr<byte_store> store_; // in place of a block
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
  std::uint64_t origin_ = nowhere;
};

/// Only the size: what hosts and Claude say to each other has no place in
/// traces and logs.
inline std::string to_string(const bytes& x) {
  return std::to_string(x.size()) + " bytes";
}

} // namespace container_agent

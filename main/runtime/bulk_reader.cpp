#include "main/runtime/bulk_reader.hpp"

#include "actors/ports.hpp"
#include "main/runtime/fd.hpp"
#include "main/runtime/fifo_end.hpp"
#include "main/runtime/system_call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

// Of less a copy costs no more than the pipe between.
constexpr std::size_t worth_moving = 16 * 1024;

// None if the system has none to give: those beyond a user's limit hold too
// little to be of use.
pipe_ends make_store_pipe() {
  auto result = make_pipe(O_NONBLOCK);
  return result && fifo_capacity(result.reader.get()) >= read_size
           ? std::move(result)
           : pipe_ends{};
}

} // namespace

// The pipes that hold no piece at the moment. Shared with the pieces, which may
// outlive the reader.
class bulk_reader::shelf {
public:
  shelf() { pipes_.reserve(max_pieces); } // to put one back needs no memory

  pipe_ends take() {
    if (!pipes_.empty()) {
      auto result = std::move(pipes_.back());
      pipes_.pop_back();
      return result;
    }
    if (made_ == most_)
      return {};
    auto result = make_store_pipe();
    if (result)
      ++made_;
    else
      most_ = made_; // to try again costs more than is gained
    return result;
  }

  void put_back(pipe_ends pipe) { pipes_.push_back(std::move(pipe)); }

  void has_lost_one() { --made_; }

private:
  std::vector<pipe_ends> pipes_;
  std::size_t made_ = 0;
  std::size_t most_ = max_pieces;
};

// The pipe goes back as soon as it is empty: whoever has sent a piece on keeps
// it until it hears that it was taken.
class bulk_reader::store final : public byte_store {
public:
  store(std::shared_ptr<shelf> from, pipe_ends pipe)
    : shelf_{std::move(from)}, pipe_{std::move(pipe)} {}

  ~store() override {
    if (pipe_ && moved_ == size_)
      give_pipe_back();
    else if (pipe_)
      shelf_->has_lost_one();
  }

  // As read(2), but returns what there is: nothing at an end or an error, too.
  std::size_t fill(int from) {
    auto count = without_interruption([&] {
      return ::splice(from, nullptr, pipe_.writer.get(), nullptr, read_size,
                      SPLICE_F_NONBLOCK);
    });
    size_ = static_cast<std::size_t>(std::max(count, ssize_t{0}));
    return size_;
  }

  std::string_view view() override {
    if (text_.empty()) {
      require(moved_ == 0);
      text_ = read_all(pipe_.reader.get());
      give_pipe_back();
    }
    return text_;
  }

  // As write(2). The bytes are gone then, so only in their order.
  ssize_t move_to(int to, std::size_t offset, std::size_t size) {
    if (!text_.empty()) // somebody has looked
      return ::write(to, text_.data() + offset, size);
    require(offset == moved_ && pipe_);
    auto count = ::splice(pipe_.reader.get(), nullptr, to, nullptr, size,
                          SPLICE_F_NONBLOCK);
    if (count > 0)
      moved_ += static_cast<std::size_t>(count);
    if (moved_ == size_)
      give_pipe_back();
    return count;
  }

private:
  static void require(bool not_gone) {
    if (!not_gone)
      throw std::logic_error{"bytes that were moved away are wanted again"};
  }

  void give_pipe_back() { shelf_->put_back(std::exchange(pipe_, {})); }

  std::shared_ptr<shelf> shelf_;
  pipe_ends pipe_; // while there is something in it
  std::size_t size_ = 0;
  std::size_t moved_ = 0;
  std::string text_;
};

bulk_reader::bulk_reader(content kind)
  : kind_{kind}, shelf_{std::make_shared<shelf>()} {}

bulk_reader::~bulk_reader() = default;

void bulk_reader::has_read(std::size_t size) {
  much_ = kind_ == content::raw && size == read_size;
}

bytes bulk_reader::take(int from) {
  if (!much_)
    return {};
  auto pipe = shelf_->take();
  if (!pipe)
    return {};
  auto piece = std::make_shared<store>(shelf_, std::move(pipe));
  auto size = piece->fill(from);
  if (size == 0)
    return {};
  much_ = size >= worth_moving;
  return {std::move(piece), size};
}

ssize_t write_piece(int to, const bytes& piece) {
  if (auto* store = dynamic_cast<bulk_reader::store*>(piece.store()))
    return store->move_to(to, piece.store_offset(), piece.size());
  auto text = piece.view();
  return ::write(to, text.data(), text.size());
}

} // namespace container_agent::runtime

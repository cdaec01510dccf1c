#include "test/simulation/kept_ports.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace container_agent::simulation {

// -- simulated_calls ----------------------------------------------------------

ssize_t simulated_calls::write(int to, std::string_view text) {
  errno = EIO;
  return life_.call([&] { return fifo(to).write(text); }, ssize_t{-1});
}

ssize_t simulated_calls::read(int from, std::span<char> buffer) {
  errno = EIO;
  auto data
    = life_.call([&] { return fifo(from).read(buffer.size()); }, std::string{});
  std::copy(data.begin(), data.end(), buffer.begin());
  return data.empty() ? -1 : static_cast<ssize_t>(data.size());
}

ssize_t simulated_calls::splice(int from, int to, std::size_t size) {
  errno = EIO;
  return life_.call([&] { return fifo(from).splice_to(fifo(to), size); },
                    ssize_t{-1});
}

// -- piece_pipe ---------------------------------------------------------------

piece_pipe::piece_pipe(run_context& run, lifeline& life, kernel_fifo& fifo,
                       int number, runtime::piece_writer& writer)
  : run_{run}, life_{life}, number_{number}, writer_{writer} {
  fifo.on_drained = [this] { pump(); };
}

void piece_pipe::open() {
  close();
  open_ = true;
  error_ = {};
}

void piece_pipe::close() {
  open_ = false;
  queue_.clear();
  pending_ = 0;
}

void piece_pipe::write(bytes data) {
  if (!life_.alive() || data.empty())
    return;
  if (error_ || !open_)
    return error_ ? void() : fail();
  auto waits = !queue_.empty();
  pending_ += data.size();
  queue_.push_back(std::move(data));
  if (!waits)
    write_on();
}

void piece_pipe::leave_out(const bytes& piece) {
  unwanted_ = piece;
  let_go();
}

void piece_pipe::let_go() {
  if (life_.alive() && queue_.empty() && !unwanted_.empty())
    writer_.leave_out(std::exchange(unwanted_, {}));
}

void piece_pipe::pump() {
  if (queue_.empty())
    return;
  write_on();
  if (!queue_.empty() || error_)
    return;
  let_go();
  tell();
}

void piece_pipe::write_on() {
  while (life_.alive() && !queue_.empty()) {
    auto& first = queue_.front();
    auto count = writer_.write(number_, first);
    if (count < 0 && errno == EAGAIN)
      return;
    if (count < 0)
      return fail();
    auto written = static_cast<std::size_t>(count);
    pending_ -= written;
    if (written < first.size())
      first = first.part(written);
    else
      queue_.pop_front();
  }
}

void piece_pipe::fail() {
  close();
  error_ = std::make_error_code(std::errc::broken_pipe);
  tell();
}

void piece_pipe::tell() {
  run_.calendar.soon([this] {
    if (life_.alive() && notify_)
      notify_();
  });
}

// -- kept_source --------------------------------------------------------------

kept_source::kept_source(run_context& run, lifeline& life, kernel_fifo& fifo)
  : life_{life}, fifo_{fifo}, run_{run}, dice_{run.dice.branch()} {
  fifo.on_more = [this] { wake(); };
}

void kept_source::read(handler on_result) {
  run_.faults.at_port("read");
  if (handler_ && life_.alive())
    run_.violate("a read is begun while another one is under way");
  handler_ = std::move(on_result);
  wake();
}

void kept_source::wake() {
  if (!life_.alive() || !handler_ || !ready() || std::exchange(waking_, true))
    return;
  run_.calendar.soon([this] { deliver(); });
}

void kept_source::deliver() {
  waking_ = false;
  if (!life_.alive() || !handler_ || !ready())
    return;
  result found;
  auto data = fetch(std::min(read_size, fifo_.longest()), found);
  if (!life_.alive())
    return;
  if (data.empty() && !found.at_end)
    return wake();
  found.data = data;
  std::exchange(handler_, nullptr)(found);
}

std::size_t kept_source::some(std::size_t available) {
  return available == 0 ? 0 : dice_.between(1, available);
}

std::string kept_source::fetch(std::size_t most, result&) {
  auto size = some(std::min(most, fifo_.available()));
  return life_.call([&] { return fifo_.read(size); }, std::string{});
}

// -- peeked_source ------------------------------------------------------------

void peeked_source::expect_end(bool on) {
  ending_ = on;
  wake();
}

std::string peeked_source::fetch(std::size_t most, result& found) {
  auto fresh = fifo_.content().substr(known());
  std::string data{fresh.substr(0, some(std::min(most, fresh.size())))};
  found.at_end = data.empty() && ending_;
  found.origin = looked_;
  looked_ += data.size();
  if (skipping_)
    skip(data, found);
  return data;
}

void peeked_source::skip(std::string& data, result& found) {
  auto end = data.find('\n');
  auto size = end == std::string::npos ? data.size() : end + 1;
  skipping_ = end == std::string::npos;
  mover_.drop_cut(found.origin + size, !skipping_);
  data.erase(0, size);
  found.origin += size;
}

// -- spooled_source -----------------------------------------------------------

bool simulated_spool::open(std::uint64_t dealt_with) {
  next = dealt_with;
  if (dealt_with < text.size())
    return false;
  text.clear();
  next = 0;
  return true;
}

std::string spooled_source::fetch(std::size_t most, result& found) {
  if (!in_spool())
    take_rest();
  auto data = spool_.text.substr(
    spool_.next,
    some(std::min<std::uint64_t>(most, spool_.text.size() - spool_.next)));
  found.origin = spool_.next;
  spool_.next += data.size();
  if (on_delivery && life_.alive())
    on_delivery(data, false);
  return data;
}

void spooled_source::cancel() {
  kept_source::cancel();
  if (on_delivery && life_.alive())
    on_delivery({}, true);
}

void spooled_source::take_rest() {
  life_.call(
    [&] {
      spool_.text += fifo_.read(fifo_.available());
      return true;
    },
    false);
}

} // namespace container_agent::simulation

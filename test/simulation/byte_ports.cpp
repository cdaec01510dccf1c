#include "test/simulation/byte_ports.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

namespace {

// What was taken from the front of a string is cut off in large pieces.
void take_front(std::string& text, std::size_t& begin, std::size_t count) {
  begin += count;
  if (begin == text.size() || begin > 16 * 1024) {
    text.erase(0, begin);
    begin = 0;
  }
}

// The sink looks at it, as it writes it; nobody else may.
class moved_once final : public byte_store {
public:
  moved_once(run_context& run, std::string_view text)
    : run_{run}, text_{text} {}

  std::string_view view() override {
    if (std::exchange(gone_, true))
      run_.violate("bytes that were moved away are wanted again");
    return text_;
  }

private:
  run_context& run_;
  std::string text_;
  bool gone_ = false;
};

} // namespace

pipe_plan pipe_plan::draw(chance& dice) {
  pipe_plan plan;
  plan.capacity = dice.pick<std::size_t>({512, 4096, 64 * 1024, 64 * 1024});
  plan.longest = dice.pick<std::size_t>({16, 300, 4096, 64 * 1024});
  return plan;
}

// -- simulated_source ---------------------------------------------------------

simulated_source::simulated_source(run_context& run, kind k, pipe_plan plan)
  : run_{run}, dice_{run.dice.branch()}, kind_{k}, plan_{plan} {}

std::size_t simulated_source::room() const {
  return unread() < plan_.capacity ? plan_.capacity - unread() : 0;
}

void simulated_source::give(std::string_view data) {
  unread_ += data;
  if (kind_ == kind::fifo)
    ended_ = false; // whoever writes has it open
  wake();
}

void simulated_source::end() {
  ended_ = true;
  wake();
}

void simulated_source::close() {
  closed_ = true;
  handler_ = nullptr;
}

void simulated_source::read(handler on_result) {
  run_.faults.at_port("read");
  if (handler_)
    run_.violate("a read is begun while another one is under way");
  if (closed_)
    return;
  handler_ = std::move(on_result);
  wake();
}

void simulated_source::cancel() {
  handler_ = nullptr;
  if (on_delivery)
    on_delivery({}, true);
}

void simulated_source::report_end(bool on) {
  reports_end_ = on;
  wake();
}

bool simulated_source::ready() const {
  return handler_
         && (unread() > 0 || (ended_ && (reports_end_ || kind_ == kind::pipe)));
}

void simulated_source::wake() {
  if (!ready() || std::exchange(waking_, true))
    return;
  run_.calendar.soon([this] { deliver(); });
}

void simulated_source::deliver() {
  waking_ = false;
  if (!ready())
    return; // cancelled
  auto most = std::min({unread(), read_size, plan_.longest});
  auto size = most == 0 ? 0 : dice_.between(1, most);
  auto data = unread_.substr(begin_, size);
  take_front(unread_, begin_, size);
  result r;
  if (unseen_ && size > 0 && size % 2 == 0)
    r.block = bytes{std::make_shared<moved_once>(run_, data), size};
  else
    r.data = data;
  if (data.empty())
    r.at_end = kind_ == kind::pipe || std::exchange(ended_, false);
  if (on_delivery)
    on_delivery(data, r.at_end);
  if (on_room_ && size > 0)
    run_.calendar.soon(on_room_);
  std::exchange(handler_, nullptr)(r);
}

// -- written_pipe -------------------------------------------------------------

written_pipe::written_pipe(run_context& run, pipe_plan plan)
  : run_{run}, dice_{run.dice.branch()}, plan_{plan} {}

void written_pipe::write(std::string_view data) {
  if (on_write)
    on_write(data, !closing_);
  if (error_ || closing_)
    return;
  pending_ += data;
  if (abandoned_)
    return fail();
  pump();
}

void written_pipe::close() {
  closing_ = true;
  wake_reader();
}

void written_pipe::abandon() {
  abandoned_ = true;
  on_data_ = nullptr;
  if (pending() > 0)
    fail();
}

std::string written_pipe::take(std::size_t most) {
  auto size = std::min(most, available());
  auto data = pipe_.substr(begin_, size);
  take_front(pipe_, begin_, size);
  pump();
  return data;
}

// What the kernel does not take at once, it takes when the loop comes round.
void written_pipe::pump() {
  if (abandoned_ || pending() == 0)
    return;
  auto room = plan_.capacity > available() ? plan_.capacity - available() : 0;
  auto size = std::min({pending(), room, plan_.longest});
  if (size > 1 && dice_.one_in(4))
    size = dice_.between(1, size);
  if (size == 0)
    return;
  pipe_.append(pending_, pending_begin_, size);
  take_front(pending_, pending_begin_, size);
  wake_reader();
  if (pending() == 0)
    return wake_writer();
  if (room > size && !std::exchange(pumping_, true))
    run_.calendar.soon([this] {
      pumping_ = false;
      pump();
    });
}

void written_pipe::wake_writer() {
  run_.calendar.soon([this] {
    if (on_drained_)
      on_drained_();
  });
}

void written_pipe::wake_reader() {
  if (on_data_)
    on_data_();
}

void written_pipe::fail() {
  pending_.clear();
  pending_begin_ = 0;
  error_ = std::make_error_code(std::errc::broken_pipe);
  wake_writer();
}

} // namespace container_agent::simulation

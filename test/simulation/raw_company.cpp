#include "actors/raw_relay.hpp"
#include "test/simulation/company.hpp"
#include "test/simulation/filter_life.hpp"
#include "test/simulation/run_plan.hpp"
#include "test/simulation/simulated_child.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace container_agent::simulation {

namespace {

// So that pieces of a few bytes do not take millions of steps.
constexpr std::size_t max_pieces_per_text = 60;

/// Writes numbers, one after the other, in texts of any length.
class byte_host {
public:
  byte_host(const surroundings& given, byte_ledger& to_child,
            byte_ledger& to_host)
    : run_{given.run},
      dice_{given.run.dice.branch()},
      to_child_{to_child},
      plan_{given.plan.host},
      writer_{given.run, given.input, plan_.input.longest},
      reader_{given.run, dice_, given.output.pipe, plan_.reading,
              [&](const std::string& data) { to_host.arrived(data); }} {
    auto smallest = std::min(
      {plan_.input.longest, plan_.output.longest, plan_.reading.size,
       given.plan.claude.input.longest, given.plan.claude.output.longest});
    longest_text_
      = std::min<std::size_t>(smallest * max_pieces_per_text,
                              dice_.pick<std::size_t>({20, 3000, 200'000}));
    input_ = &given.input;
    writer_.on_written = [this] { write_on(); };
  }

  void start() {
    write_on();
    reader_.look();
  }

  void behave() {
    plan_.lines = std::min(plan_.lines, texts_);
    reader_.behave();
  }

  /// It has left for good, and the agent has seen it.
  bool left() const { return left_ && !writer_.writes() && written(); }

  bool written() const {
    return texts_ >= plan_.lines && !writer_.writes() && input_->unread() == 0;
  }

  void read_to_end() { reader_.read_to_end(); }

  std::uint64_t texts() const { return texts_; }

private:
  void write_on() {
    run_.calendar.after(dice_.up_to(plan_.pause), [this] {
      if (texts_ >= plan_.lines || writer_.writes())
        return;
      ++texts_;
      auto text = next_text(dice_.between(1, longest_text_));
      run_.tell("host", [&] {
        return "writes " + std::to_string(text.size()) + " bytes";
      });
      to_child_.wrote(text);
      left_ = dice_.one_in(plan_.half_line) || texts_ >= plan_.lines;
      writer_.write(std::move(text), left_);
    });
  }

  // No two stretches of it are alike that are longer than a number.
  std::string next_text(std::size_t size) {
    while (text_.size() < size)
      text_ += std::to_string(++number_) + '\n';
    auto result = text_.substr(0, size);
    text_.erase(0, size);
    return result;
  }

  run_context& run_;
  chance dice_;
  byte_ledger& to_child_;
  host_plan plan_;
  host_writer writer_;
  host_reader reader_;
  simulated_source* input_ = nullptr;
  std::size_t longest_text_ = 0;
  std::uint32_t texts_ = 0;
  bool left_ = false;
  std::uint64_t number_ = 0;
  std::string text_; // that is written next
};

class simulated_filter final : public simulated_child<filter_life> {
public:
  simulated_filter(run_context& run, byte_ledger& to_child,
                   byte_ledger& to_host, claude_plan plan)
    : simulated_child{run, plan}, to_child_{to_child}, to_host_{to_host} {}

private:
  std::unique_ptr<filter_life> make(const child_command&,
                                    const claude_plan& plan,
                                    child_ports& ports) override {
    ports.output.leave_unseen();
    run_.tell("Claude", [] { return std::string{"is started"}; });
    return std::make_unique<filter_life>(run_, to_child_, to_host_, plan,
                                         ports);
  }

  byte_ledger& to_child_;
  byte_ledger& to_host_;
};

class byte_movers final : public company {
public:
  explicit byte_movers(const surroundings& given)
    : to_child_{given.run, "the host's"},
      to_host_{given.run, "the child's"},
      host_{given, to_child_, to_host_},
      child_{given.run, to_child_, to_host_, given.plan.claude},
      input_{given.input},
      output_{given.output},
      exit_on_eof_{given.plan.reader.exit_on_eof} {
    input_.leave_unseen();
  }

  agent_ports next_agent(const newcomer& agent) override {
    protocol_.emplace(agent.context);
    return {input_, output_, child_, *protocol_};
  }

  void begin() override { host_.start(); }

  void behave() override {
    child_.behave();
    host_.behave();
  }

  std::string unrest() const override {
    if (output_.pipe.available() > 0)
      return " output waits";
    if (!host_.written() || to_child_.open() > 0)
      return " the host's bytes have not reached a child";
    if (const auto* now = child_.life(); now && !now->idle())
      return " the child is at work";
    if (to_host_.open() > 0)
      return " the child's bytes have not reached the host";
    if (exit_on_eof_ && host_.left())
      return " the agent does not end with its input";
    return {};
  }

  bool stuck() const override { return child_.life() && child_.life()->deaf(); }

  std::string owed_at_end(bool came_to_rest) override {
    host_.read_to_end();
    return came_to_rest && to_host_.open() > 0
             ? ' ' + std::to_string(to_host_.open()) + " bytes of the child's"
             : "";
  }

  std::uint64_t prompts() const override { return host_.texts(); }
  std::uint64_t launches() const override { return child_.launches(); }

private:
  byte_ledger to_child_;
  byte_ledger to_host_;
  byte_host host_;
  simulated_filter child_;
  std::optional<raw_relay> protocol_;
  simulated_source& input_;
  simulated_host_sink& output_;
  bool exit_on_eof_;
};

} // namespace

std::unique_ptr<company> raw_company(const surroundings& given) {
  return std::make_unique<byte_movers>(given);
}

} // namespace container_agent::simulation

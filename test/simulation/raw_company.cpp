#include "actors/session/raw_relay.hpp"
#include "test/simulation/child_house.hpp"
#include "test/simulation/company.hpp"
#include "test/simulation/filter_life.hpp"
#include "test/simulation/host_ends.hpp"
#include "test/simulation/run_plan.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace container_agent::simulation {

namespace {

// Limits the steps for texts that are sent in pieces of a few bytes.
constexpr std::size_t max_pieces_per_text = 60;

/// Writes numbers, one after the other, in texts of any length.
class byte_host {
public:
  byte_host(run_context& run, const run_plan& plan, pipe& input, pipe& output,
            byte_ledger& to_child, byte_ledger& to_host)
    : run_{run},
      dice_{run.dice.branch()},
      to_child_{to_child},
      plan_{plan.host},
      writer_{run, input, plan_.input.longest},
      reader_{run, dice_, output, plan_.reading,
              [&](const std::string& data) { to_host.arrived(data); }},
      input_{input} {
    auto smallest
      = std::min({plan_.input.longest, plan_.output.longest, plan_.reading.size,
                  plan.claude.input.longest, plan.claude.output.longest});
    longest_text_
      = std::min<std::size_t>(smallest * max_pieces_per_text,
                              dice_.pick<std::size_t>({20, 3000, 200'000}));
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
    return texts_ >= plan_.lines && !writer_.writes() && input_.unread() == 0;
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
  pipe& input_;
  std::size_t longest_text_ = 0;
  std::uint32_t texts_ = 0;
  bool left_ = false;
  std::uint64_t number_ = 0;
  std::string text_; // that is written next
};

class byte_movers final : public company {
public:
  byte_movers(run_context& run, const run_plan& plan)
    : run_{run},
      to_child_{run, "the host's"},
      to_host_{run, "the child's"},
      from_host_{run, plan.host.input},
      host_output_{run, plan.host.output},
      host_{run, plan, from_host_, host_output_, to_child_, to_host_},
      house_{run, plan.claude,
             [this](const auto&, const auto& claude, auto& ports) {
               run_.tell("Claude", [] { return std::string{"is started"}; });
               auto born = std::make_unique<filter_life>(
                 run_, to_child_, to_host_, claude, ports.far_ends());
               life_ = born.get();
               return born;
             }},
      exit_on_eof_{plan.exit_on_eof} {
    for (auto* log : {&input_bytes_, &output_bytes_}) {
      log->lines = false;
      log->segment = plan.segment;
      log->disk_full = &run.disk_full;
    }
  }

  agent_ports next_agent(const newcomer& agent) override {
    agent_.emplace(*this, agent);
    return {agent_->input, agent_->input_log,  agent_->output,
            agent_->child, agent_->output_log, agent_->protocol};
  }

  void begin() override { host_.start(); }

  void behave() override {
    house_.behave();
    host_.behave();
  }

  std::string unrest() const override {
    if (host_output_.available() > 0)
      return " output waits";
    if (!host_.written() || to_child_.open() > 0)
      return " the host's bytes have not reached a child";
    if (life_ != nullptr && !life_->idle())
      return " the child is at work";
    if (to_host_.open() > 0)
      return " the child's bytes have not reached the host";
    if (exit_on_eof_ && host_.left())
      return " the agent does not end with its input";
    return {};
  }

  bool stuck() const override { return life_ != nullptr && life_->deaf(); }

  std::string owed_at_end(bool came_to_rest) override {
    host_.read_to_end();
    return came_to_rest && to_host_.open() > 0
             ? ' ' + std::to_string(to_host_.open()) + " bytes of the child's"
             : "";
  }

  std::uint64_t prompts() const override { return host_.texts(); }
  std::uint64_t launches() const override { return house_.launches(); }

private:
  struct agent_parts {
    agent_parts(byte_movers& around, const newcomer& agent)
      : input_log{around.run_, agent.life, around.input_bytes_},
        output_log{around.run_, agent.life, around.output_bytes_},
        input{around.run_, agent.life, input_log, simulated_inlet::kind::fifo},
        child{around.run_, agent.life, around.house_, input_log, output_log},
        output{around.run_, agent.life, output_log},
        protocol{{input_log, input_log, output_log}, agent.context} {
      input.open(around.from_host_);
      output.open(around.host_output_, around.host_position_,
                  around.host_read_to_, around.gone_);
    }

    simulated_log input_log;
    simulated_log output_log;
    simulated_inlet input;
    simulated_child child;
    simulated_host_outlet output;
    raw_relay protocol;
  };

  run_context& run_;
  log_bytes input_bytes_;
  log_bytes output_bytes_;
  std::uint64_t host_position_ = 0;
  std::uint64_t host_read_to_ = 0;
  simulated_host_outlet::ranges gone_;
  byte_ledger to_child_;
  byte_ledger to_host_;
  pipe from_host_;
  pipe host_output_;
  byte_host host_;
  filter_life* life_ = nullptr; // that runs, or ran last
  child_house house_;
  bool exit_on_eof_;
  std::optional<agent_parts> agent_;
};

} // namespace

std::unique_ptr<company> raw_company(run_context& run, const run_plan& plan) {
  return std::make_unique<byte_movers>(run, plan);
}

} // namespace container_agent::simulation

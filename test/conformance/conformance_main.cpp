/// Plays all scenarios to a Claude Code and prints what differs from what is
/// recorded; with --record it records instead. `make conformance` runs it.

#include "test/conformance/play.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

namespace conformance = container_agent::test::conformance;

bool wanted(const std::vector<std::string>& only, const std::string& name) {
  return only.empty()
         || std::find(only.begin(), only.end(), name) != only.end();
}

/// Returns whether the scenario was played as it is recorded.
bool try_one(const conformance::scenario& s, conformance::claude_player& claude,
             bool record) {
  auto played = conformance::play(s, claude);
  auto difference = conformance::difference(s.recorded, played.shapes);
  if (!played.failure.empty()) {
    std::cout << s.name << ": FAILED: " << played.failure << '\n' << difference;
    return false;
  }
  if (difference.empty()) {
    std::cout << s.name << ": as recorded\n";
    return true;
  }
  std::cout << s.name << (record ? ": recorded\n" : ": DIFFERS\n")
            << difference;
  if (record)
    conformance::record(s, played.shapes);
  return record;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays the conformance scenarios to a Claude."};
  std::string claude = CLAUDE_CODE_DIR "/node_modules/.bin/claude";
  std::vector<std::string> only;
  bool record = false;
  app
    .add_option("--claude", claude,
                "the Claude Code to try; `fake` and `simulated` are the "
                "stand-ins")
    ->capture_default_str();
  app.add_flag("--record", record, "record what differs into the scenarios");
  app.add_option("scenario", only, "only these");
  CLI11_PARSE(app, argc, argv);
  std::size_t differ = 0;
  std::size_t count = 0;
  try {
    for (const auto& s : conformance::load_all()) {
      if (!wanted(only, s.name))
        continue;
      ++count;
      auto player = claude == "fake"        ? conformance::fake_claude()
                    : claude == "simulated" ? conformance::simulated_claude()
                                            : conformance::real_claude(claude);
      if (!try_one(s, *player, record))
        ++differ;
    }
  } catch (const std::exception& e) {
    std::cerr << "conformance: error: " << e.what() << '\n';
    return 2;
  }
  std::cout << count << " scenarios, " << differ << " differ\n";
  return differ == 0 && count > 0 ? 0 : 1;
}

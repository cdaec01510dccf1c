#include "test/integration/client.hpp"
#include "test/support/kept_host.hpp"
#include "test/support/prompt_ends.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <tuple>

/// The conversation is kept on whatever file system its folder is on.
namespace container_agent::test {

namespace {

namespace fs = std::filesystem;

enum class disk { tmpfs, overlay, fuse };

std::string name_of(disk kind) {
  switch (kind) {
    case disk::tmpfs: return "tmpfs";
    case disk::overlay: return "overlay";
    case disk::fuse: return "fuse";
  }
  return "?";
}

/// The state directory is a file system of its own, in a mount namespace of
/// this process's own, which the agents share.
class state_on : public testing::TestWithParam<std::tuple<disk, keep>> {
public:
  kept_host host{{}, {}, {}, std::get<keep>(GetParam())};

  void SetUp() override {
    if (::geteuid() != 0)
      GTEST_SKIP() // reason: takes root to mount a file system; CI is root
        << "only root can mount a disk";
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    fs::create_directories(host.log_dir());
    fs::create_directories(below());
    // An overlay's upper folder can't be on an overlay, as /tmp may be.
    mount_tmpfs(below());
    for (const auto* name : {"lower", "upper", "work"})
      fs::create_directory(below() / name);
    mount_it(std::get<disk>(GetParam()));
  }

  // A FUSE daemon ends with its mount.
  void TearDown() override { ::umount2(host.log_dir().c_str(), MNT_DETACH); }

private:
  [[nodiscard]] fs::path below() const { return host.dir() / "below"; }

  static void mount_tmpfs(const fs::path& at) {
    ASSERT_EQ(::mount("tmpfs", at.c_str(), "tmpfs", 0, "mode=0700"), 0);
  }

  void mount_it(disk kind) {
    if (kind == disk::tmpfs)
      return mount_tmpfs(host.log_dir());
    auto options = "lowerdir=" + (below() / "lower").string()
                   + ",upperdir=" + (below() / "upper").string()
                   + ",workdir=" + (below() / "work").string();
    if (kind == disk::overlay) {
      ASSERT_EQ(::mount("overlay", host.log_dir().c_str(), "overlay", 0,
                        options.c_str()),
                0);
      return;
    }
    spawn_options command;
    command.argv = {"fuse-overlayfs", "-o", options, host.log_dir()};
    subprocess daemon{command};
    ASSERT_EQ(daemon.wait_exit(), graceful) << daemon.stderr_text();
  }
};

} // namespace

TEST_P(state_on, no_prompt_is_lost_and_none_is_answered_twice) {
  host.start_agent();
  host.wait_for_record("ready");
  int sent = 0;
  for (int kills = 0; kills < 6; ++kills) {
    for (int n = 0; n < 3; ++n)
      host.prompt("flood 200000 1000", "u-" + std::to_string(++sent));
    // Not all three: some are open when the agent dies.
    host.wait_for_result("u-" + std::to_string(sent - 2));
    std::get<keep>(GetParam()) == keep::claude ? host.kill_agent()
                                               : host.kill_everything();
    host.start_agent();
  }
  host.prompt("last", "u-last");
  host.wait_for_result("u-last");
  EXPECT_EQ(host.end_agent(SIGINT), graceful);
  host.read_rest();
  auto ends = ends_in(host.events());
  EXPECT_EQ(ends.size(), static_cast<std::size_t>(sent) + 1);
  for (const auto& [uuid, times] : ends)
    EXPECT_EQ(times, 1) << uuid;
}

INSTANTIATE_TEST_SUITE_P(
  each, state_on,
  testing::Combine(testing::Values(disk::tmpfs, disk::overlay, disk::fuse),
                   testing::Values(keep::nothing, keep::claude)),
  [](const auto& info) {
    return name_of(std::get<disk>(info.param))
           + (std::get<keep>(info.param) == keep::claude ? "_claude_lives_on"
                                                         : "_all_die");
  });

} // namespace container_agent::test

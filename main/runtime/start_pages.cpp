#include "main/runtime/start_pages.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace container_agent::runtime {

namespace {

// Only what is mapped without a right to write, so that there is nothing of the
// process's own in it. Should the kernel refuse, the pages stay: no harm.
int release(dl_phdr_info* module, std::size_t, void*) {
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const auto& part = module->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0)
      continue;
    auto begin = (module->dlpi_addr + part.p_vaddr) / page * page;
    auto end = (module->dlpi_addr + part.p_vaddr + part.p_memsz) / page * page;
    if (end > begin)
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

} // namespace

void release_start_pages() {
  ::dl_iterate_phdr(&release, nullptr);
}

} // namespace container_agent::runtime

// Many independent things at a time, consumed in their order: what comes out
// is the same for any number of threads.

#ifndef CKPTDIFF_BASE_PARALLEL_H_
#define CKPTDIFF_BASE_PARALLEL_H_

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ckptdiff {

// Calls `work(i)` for every i below `count`, on `jobs` threads (0: as many as
// the machine has cores), and `consume(i, result)` in order on this thread.
// Neither may throw. No thread runs far ahead of what is consumed: memory is
// bounded by the slowest results, not by `count`.
template <typename Work, typename Consume>
void MapInOrder(size_t count, unsigned jobs, const Work& work,
                const Consume& consume) {
  using T = decltype(work(size_t{0}));
  if (jobs == 0) jobs = std::max(1u, std::thread::hardware_concurrency());
  if (jobs == 1 || count < 2) {
    for (size_t i = 0; i < count; ++i) consume(i, work(i));
    return;
  }
  const size_t window = size_t{4} * jobs;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<T>> results(count);
  size_t next = 0, consumed = 0;

  auto run = [&] {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock,
                   [&] { return next == count || next < consumed + window; });
      if (next == count) return;
      size_t mine = next++;
      lock.unlock();
      T result = work(mine);
      lock.lock();
      results[mine] = std::move(result);
      changed.notify_all();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min<size_t>(jobs, count); ++i) {
    threads.emplace_back(run);
  }
  for (size_t i = 0; i < count; ++i) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return results[i].has_value(); });
    T result = std::move(*results[i]);
    results[i].reset();
    consumed = i + 1;
    changed.notify_all();
    lock.unlock();
    consume(i, std::move(result));
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_PARALLEL_H_

'use strict';
// The events that the timeline shows: the last so many, found by number, by
// what caused them, and by filter. Bounded. Pure.
globalThis.view = globalThis.view || {};

view.store = (() => {
  /// Effects remembered for one event.
  const max_effects = 200;

  /// When an item was complete: the order in which it came.
  function time_of(item) {
    return item.done ?? item.taken ?? item.start;
  }

  /// How long it waited and was handled, ns; undefined: it was not, or not yet.
  function waited(item) {
    return item.taken === undefined ? undefined : item.taken - item.start;
  }

  function worked(item) {
    return item.taken === undefined || item.done === undefined ? undefined
      : item.done - item.taken;
  }

  function matches(item, filter) {
    if (filter.trace && item.trace !== filter.trace) return false;
    if (filter.type && item.type !== filter.type) return false;
    if (filter.actor && item.to !== filter.actor
        && item.from !== filter.actor) {
      return false;
    }
    return true;
  }

  class store {
    /// Keeps `limit` messages, and other events up to twice as many in all.
    constructor(limit) {
      this.limit = limit;
      this.clear();
    }

    clear() {
      this.ring = [];
      this.first = 0; // running number of the oldest item that is kept
      this.next = 0;
      this.by_n = new Map();
      this.effects = new Map();
      this.traces = new Map();
      this.kept = 0;  // messages in the ring
      this.total = 0; // messages that ever came
      this.held = null; // while held: what waits, by number
      this.earliest = Infinity; // start of all that ever came
      this.latest = 0;
      this.replayed_until = -1;
      this.version = (this.version || 0) + 1;
      this.run = (this.run || 0) + 1;
    }

    /// The same run is told again, from some point on: what was seen is not
    /// taken twice.
    begin_again() {
      this.replayed_until = this.latest;
    }

    /// Whether it was new.
    add(item) {
      const old = this.held?.get(item.n) ?? this.by_n.get(item.n);
      if (old && old.outcome === item.outcome && old.done === item.done) {
        return false;
      }
      const time = time_of(item);
      const open = item.outcome === 'queued' || item.outcome === 'running';
      if (!old && !open && time <= this.replayed_until) return false;
      // Never falls from item to item, so that it can be searched by.
      item.time = this.latest = Math.max(this.latest, time);
      this.earliest = Math.min(this.earliest, item.start);
      if (item.kind === 'message' && !old) ++this.total;
      if (this.held) {
        this.held.delete(item.n);
        this.held.set(item.n, item);
        if (this.held.size > 2 * this.limit) {
          this.held = new Map([...this.held].slice(this.limit));
        }
      } else {
        this.keep(item);
      }
      return true;
    }

    keep(item) {
      const old = this.by_n.get(item.n);
      if (old) this.forget(old);
      item.seat = this.next;
      this.ring[this.next % (2 * this.limit)] = item;
      ++this.next;
      this.by_n.set(item.n, item);
      if (item.cause) this.note_effect(item);
      if (item.trace) this.note_trace(item);
      if (item.kind === 'message') ++this.kept;
      while (this.kept > this.limit
             || this.next - this.first >= 2 * this.limit) {
        this.drop_oldest();
      }
      ++this.version;
    }

    note_effect(item) {
      const list = this.effects.get(item.cause);
      if (!list) this.effects.set(item.cause, [item.n]);
      else if (list.length < max_effects && !list.includes(item.n)) {
        list.push(item.n);
      }
    }

    note_trace(item) {
      const known = this.traces.get(item.trace);
      if (known) ++known.count;
      else this.traces.set(item.trace, {count: 1, start: item.start});
    }

    drop_oldest() {
      const seat = this.first % (2 * this.limit);
      const item = this.ring[seat];
      this.ring[seat] = undefined;
      ++this.first;
      if (item) this.forget(item, true);
    }

    forget(item, for_good) {
      if (!for_good) this.ring[item.seat % (2 * this.limit)] = undefined;
      if (this.by_n.get(item.n) === item) this.by_n.delete(item.n);
      if (for_good) this.effects.delete(item.n);
      if (item.kind === 'message') --this.kept;
      const trace = item.trace && this.traces.get(item.trace);
      if (trace && --trace.count === 0) this.traces.delete(item.trace);
    }

    /// From now on the kept events stay as they are; new ones wait.
    hold() {
      if (!this.held) this.held = new Map();
    }

    release() {
      const waiting = this.held || new Map();
      this.held = null;
      for (const item of waiting.values()) this.keep(item);
    }

    waiting() {
      return this.held ? this.held.size : 0;
    }

    at(seat) {
      return seat < this.first || seat >= this.next ? undefined
        : this.ring[seat % (2 * this.limit)];
    }

    /// Calls `act` for each kept item that was complete at `time` or later.
    each_since(time, act) {
      for (let seat = this.seat_at(time); seat < this.next; ++seat) {
        const item = this.ring[seat % (2 * this.limit)];
        if (item) act(item);
      }
    }

    /// The first seat whose item was complete at `time` or later.
    seat_at(time) {
      let low = this.first;
      let high = this.next;
      while (low < high) {
        const middle = (low + high) >> 1;
        let probe = middle;
        while (probe < high && !this.at(probe)) ++probe;
        if (probe === high || this.at(probe).time >= time) high = middle;
        else low = probe + 1;
      }
      return low;
    }

    /// The next item that matches, from `seat` on in a direction (1 or -1).
    find(seat, direction, fits) {
      for (let i = seat; i >= this.first && i < this.next; i += direction) {
        const item = this.at(i);
        if (item && fits(item)) return item;
      }
      return undefined;
    }

    /// What an item led to, as far as it is kept.
    effects_of(item) {
      return (this.effects.get(item.n) || [])
        .map(n => this.by_n.get(n)).filter(Boolean);
    }

    /// The numbers of what belongs together with an item: its prompt, or the
    /// chain of its causes and all that followed from it, at most `limit`.
    relatives(item, limit) {
      const found = new Set([item.n]);
      let up = this.by_n.get(item.cause);
      while (up && !found.has(up.n) && found.size < limit) {
        found.add(up.n);
        up = this.by_n.get(up.cause);
      }
      const open = [item];
      while (open.length && found.size < limit) {
        for (const effect of this.effects_of(open.shift())) {
          if (found.has(effect.n)) continue;
          found.add(effect.n);
          open.push(effect);
        }
      }
      return found;
    }

    /// From the first start to the last end of all that ever came, ns.
    span() {
      return Math.max(0, this.latest - this.earliest);
    }

    /// When the oldest kept item began, and the newest was complete.
    extent() {
      const oldest = this.find(this.first, 1, () => true);
      const newest = this.find(this.next - 1, -1, () => true);
      return oldest ? {from: oldest.start, to: newest.time}
        : {from: 0, to: 0};
    }
  }

  return {store, matches, time_of, waited, worked};
})();

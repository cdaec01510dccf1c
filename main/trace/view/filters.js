'use strict';
// The three filters: prompt, type and actor. Their lists follow what is kept.
globalThis.view = globalThis.view || {};

view.filters = (() => {
  const {text, vocabulary} = view;

  const max_prompts = 100;
  const ids = {trace: 'filter-trace', type: 'filter-type',
    actor: 'filter-actor'};

  class filters {
    /// on_change({trace} or {type} or {actor}): somebody has chosen.
    constructor(model, on_change) {
      this.model = model;
      this.known = {};
      for (const [name, id] of Object.entries(ids)) {
        const select = document.getElementById(id);
        select.addEventListener('change', () =>
          on_change({[name]: select.value}));
        // A list that is open must not change below the pointer.
        select.addEventListener('focus', () => this.fill(name, true));
      }
    }

    /// What is chosen now.
    show(filter) {
      this.filter = filter;
      for (const [name, id] of Object.entries(ids)) {
        this.fill(name, true);
        document.getElementById(id).value = filter[name];
      }
      document.getElementById('filter-clear').hidden
        = !filter.trace && !filter.type && !filter.actor;
    }

    refresh(filter) {
      this.filter = filter;
      for (const name of Object.keys(ids)) this.fill(name, false);
    }

    /// [value, words], without the one that means all.
    entries(name) {
      const {model} = this;
      if (name === 'type') {
        return [...model.types].sort().map(type => [type, type]);
      }
      if (name === 'actor') {
        return [...model.actors.keys()]
          .sort((a, b) => vocabulary.rank(a) - vocabulary.rank(b))
          .map(actor => [actor, actor]);
      }
      const epoch = model.header?.epoch_us ?? 0;
      return [...model.store.traces].slice(-max_prompts).reverse()
        .map(([id, {start}]) =>
          [id, `${text.clock(epoch, start)}  ${id.slice(0, 8)}`]);
    }

    fill(name, even_if_used) {
      const select = document.getElementById(ids[name]);
      if (!even_if_used && document.activeElement === select) return;
      const entries = this.entries(name);
      const chosen = this.filter[name];
      if (chosen && !entries.some(([value]) => value === chosen)) {
        entries.unshift([chosen, text.cut(chosen, 32)]);
      }
      const key = JSON.stringify(entries);
      if (this.known[name] === key) return;
      this.known[name] = key;
      select.replaceChildren(new Option('all', ''),
        ...entries.map(([value, words]) => new Option(words, value)));
      select.value = chosen;
    }
  }

  return {filters};
})();

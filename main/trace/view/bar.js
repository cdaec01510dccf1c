'use strict';
// Words of the page that stand still mostly: the agent's state, the connection,
// the legend.
globalThis.view = globalThis.view || {};

view.bar = (() => {
  const {text, vocabulary} = view;
  const by_id = id => document.getElementById(id);
  const known = ['starting', 'ready', 'busy', 'degraded', 'failed'];

  /// What stays the same is not written: the browser would lay it out anew.
  function say(id, words) {
    if (by_id(id).textContent !== words) by_id(id).textContent = words;
  }

  /// status: the agent's document, or null.
  function show_status(status) {
    const word = status ? String(status.state) : 'no status';
    by_id('state').dataset.state = known.includes(word) ? word : 'unknown';
    say('state-text', text.cut(word, 40));
    say('why', status ? text.cut(String(status.why ?? ''), 200) : '');
  }

  function show_connection({text: words, lost}) {
    say('connection', words);
    by_id('connection').dataset.lost = String(lost);
    by_id('retry').hidden = !lost;
  }

  function show_legend(list) {
    const {make} = view.details;
    for (const {id, name} of vocabulary.families) {
      const entry = make('li', {}, make('span', {cls: 'lamp'}),
        make('span', {say: name}));
      entry.dataset.family = id;
      list.append(entry);
    }
  }

  return {say, show_status, show_connection, show_legend};
})();

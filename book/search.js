// Search over headings, chunks and identifiers. The index is a script of its own
// (search-index.js sets LOOM_INDEX), so that it works without a server. The pages
// need none of this; without it they have no search box.
'use strict';

(() => {
  const box = document.getElementById('search');
  const query = document.getElementById('query');
  const hits = document.getElementById('hits');
  const MOST = 40;
  const ORDER = ['section', 'function', 'macro', 'struct', 'chunk'];

  if (!box || typeof LOOM_INDEX === 'undefined')
    return;
  box.hidden = false;

  // Rows are [kind, words, number, link]; every word asked for must occur.
  function rank(row, words) {
    const text = row[1].toLowerCase();
    if (!words.every(word => text.includes(word)))
      return -1;
    const kind = ORDER.indexOf(row[0]);
    return (text === words.join(' ') ? 0 : text.startsWith(words[0]) ? 100 : 200) +
      (kind < 0 ? ORDER.length : kind) * 10 + Math.min(text.length, 90) / 10;
  }

  function search() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits.textContent = '';
    if (!words.length)
      return;
    LOOM_INDEX.map(row => [rank(row, words), row])
      .filter(([score]) => score >= 0)
      .sort((a, b) => a[0] - b[0])
      .slice(0, MOST)
      .forEach(([, [kind, words_, number, link]]) => {
        const item = document.createElement('li');
        const a = document.createElement('a');
        const what = document.createElement('span');
        a.href = link;
        a.textContent = words_;
        what.className = 'kind';
        what.textContent = kind + ' ' + number;
        item.append(a, ' ', what);
        hits.append(item);
      });
    if (!hits.children.length)
      hits.append(Object.assign(document.createElement('li'), {textContent: 'nothing found'}));
  }

  query.addEventListener('input', search);
  query.addEventListener('keydown', event => {
    const first = hits.querySelector('a');
    if (event.key === 'Enter' && first)
      first.click();
    else if (event.key === 'Escape') {
      query.value = '';
      search();
      query.blur();
    }
  });
  document.addEventListener('keydown', event => {
    if (event.key === '/' && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      document.getElementById('sidetoggle').checked = true;
      query.focus();
    }
  });

  // A link into a folded back room opens it.
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement)
      if (at.tagName === 'DETAILS')
        at.open = true;
    if (target)
      target.scrollIntoView();
  }
  addEventListener('hashchange', unfold);
  unfold();
})();

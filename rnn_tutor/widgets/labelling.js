// The labelling panel's keys and clicks, for `_orders.py`; without it the buttons work by themselves.
// It runs whenever the panel is shown, and puts itself in the place of what it did before.
const panel = this.closest('.rt-panel');
const all = what => [...panel.querySelectorAll(`.rt-do-${what}`)];
const sent = panel.orders ??= {from: Math.random().toString(36).slice(2), number: 0, waiting: []};
const ask = (what, which) => {
  const [from, done] = panel.querySelector('[data-done]').dataset.done.split(' ');
  sent.waiting = sent.waiting.filter(([number]) => from !== sent.from || number > done);
  sent.waiting.push([++sent.number, what, which]);
  const field = panel.querySelector('.rt-orders input');
  field.value = JSON.stringify([sent.from, sent.waiting]);
  field.dispatchEvent(new Event('change', {bubbles: true}));
};
const add = () => {
  const field = panel.querySelector('.rt-new input');
  ask('add', field.value);
  field.value = '';
};
const chosen = () => {
  const list = panel.querySelector('.rt-changed select');
  return list.selectedOptions[0]?.textContent ?? '';
};
const rename = () => {
  const field = panel.querySelector('.rt-new-name input');
  ask('rename', [chosen(), field.value]);
  field.value = '';
};
const columns = () => {
  const shown = all('shot').filter(shot => shot.offsetParent);
  return shown.filter(shot => shot.offsetTop === shown[0].offsetTop).length;
};
const moves = {
  arrowleft: () => ask('previous', 1),
  arrowright: () => ask('next', 1),
  arrowup: () => ask('previous', columns()),
  arrowdown: () => ask('next', columns()),
  pageup: () => ask('page-back', 1),
  pagedown: () => ask('page-on', 1),
};
const changes = {
  u: () => ask('undo', 1),
  backspace: () => ask('undo', 1),
  delete: () => ask('clear', 1),
};
const choice = event => {
  const digit = /^\d$/.test(event.key) ? event.key : /^Digit(\d)$/.exec(event.code)?.[1];
  const place = (Number(digit) + 9) % 10;
  return place < all('class').length ? () => ask('class', place) : undefined;
};
const onKey = event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const key = event.key.toLowerCase();
  if (event.target.matches('.rt-new-name input')) return key === 'enter' && rename();
  if (event.target.matches(':read-write')) return key === 'enter' && add();
  if (event.target.matches('select, .rt-code')) return;
  const unused = () => ask('unused', event.key);
  const act = moves[key] ?? changes[key] ?? choice(event) ?? (/^\S$/u.test(event.key) && unused);
  if (!act) return;
  event.preventDefault();
  if (moves[key] || !event.repeat) act();
};
const onClick = event => {
  const button = event.target.closest('.rt-do');
  if (!button) return;
  event.stopPropagation();
  const what = /rt-do-([a-z-]+)/.exec(button.className)[1];
  if (what === 'shot') panel.focus({preventScroll: true});
  if (what === 'add') return add();
  if (what === 'rename') return rename();
  if (what === 'remove') return ask(what, chosen());
  ask(what, ['shot', 'class'].includes(what) ? all(what).indexOf(button) : 1);
};
for (const [kind, heard] of Object.entries({keydown: onKey, click: onClick})) {
  panel.removeEventListener(kind, sent[kind], true);
  panel.addEventListener(kind, sent[kind] = heard, true);  // before the widgets, which stop some
}
panel.tabIndex = -1;
panel.setAttribute('role', 'group');
panel.setAttribute('aria-label', 'Name pictures');

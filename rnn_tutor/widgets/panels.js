// The parts of the panels that run in the browser: keys, clicks and charts. `_front.py` is their other half.

/** Call `then` with the panel around `el`, once it is in one. */
function inPanel(el, signal, then) {
  const panel = el.closest(".rt-panel");
  if (signal.aborted) return;
  if (panel) then(panel);
  else requestAnimationFrame(() => inPanel(el, signal, then));
}

// ---- keys and clicks

/** Keep keys for the panel: JupyterLab takes those pressed on a slider, list or button for its own shortcuts (X cuts
 * the cell), unless that element carries this attribute. Sliders, which have no name of their own, get one. */
function keys({ el, signal }) {
  const keep = ({ target }) => target.matches(":read-write") || target.setAttribute("data-lm-suppress-shortcuts", "true");
  const nameSliders = (panel) => {
    for (const handle of panel.querySelectorAll(".rt-number .noUi-handle:not([aria-label])")) {
      const label = handle.closest(".rt-number").querySelector(".widget-label")?.textContent;
      if (label) handle.setAttribute("aria-label", `${label}: position of the slider`);
    }
  };
  inPanel(el, signal, (panel) => {
    panel.addEventListener("focusin", keep, { signal });
    const later = new MutationObserver(() => nameSliders(panel)); // parts of a panel come one after the other
    later.observe(panel, { childList: true, subtree: true });
    signal.addEventListener("abort", () => later.disconnect());
    nameSliders(panel);
  });
}

/** The keys and clicks of the labelling panel. All go through this widget, so that the kernel gets them in their order,
 * whatever it does with the messages of different widgets; what stands in a text box goes along. */
function labelling({ model, el, signal }) {
  keys({ el, signal });
  inPanel(el, signal, (panel) => {
    const all = (action) => [...panel.querySelectorAll(`.rt-do-${action}`)];
    const act = (action, argument) => model.send({ action, argument });
    const taken = (selector) => {
      const field = panel.querySelector(selector), text = field.value;
      field.value = "";
      return text;
    };
    const chosen = () => panel.querySelector(".rt-changed select").selectedOptions[0]?.textContent ?? "";
    const texts = {
      add: () => taken(".rt-new input"),
      rename: () => [chosen(), taken(".rt-new-name input")],
      remove: chosen,
    };
    const columns = () => {
      const shown = all("shot").filter((shot) => shot.offsetParent);
      return shown.filter((shot) => shot.offsetTop === shown[0].offsetTop).length;
    };
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const { target } = event;
      if (target.matches(":read-write")) {
        const action = target.matches(".rt-new-name input") ? "rename" : "add";
        if (event.key === "Enter") act(action, texts[action]());
        return;
      }
      if (target.matches("select, .rt-code")) return;
      // The keys in the row of digits name, whatever this keyboard writes with them.
      const key = /^\d$/.test(event.key) ? event.key : (/^Digit(\d)$/.exec(event.code)?.[1] ?? event.key);
      const moves = /^(Arrow|Page)/.test(key);
      if (!moves && !/^(Backspace|Delete|\S)$/u.test(key)) return;
      event.preventDefault();
      if (moves || !event.repeat) model.send({ key, columns: columns() });
    };
    const onClick = (event) => {
      const button = event.target.closest(".rt-do");
      if (!button) return;
      event.stopPropagation();
      const action = /rt-do-([a-z-]+)/.exec(button.className)[1];
      if (action === "shot") panel.focus({ preventScroll: true });
      const place = all(action).indexOf(button);
      act(action, texts[action] ? texts[action]() : ["shot", "class", "kind"].includes(action) ? place : 1);
    };
    panel.addEventListener("keydown", onKey, { signal, capture: true }); // before the widgets, which stop some
    panel.addEventListener("click", onClick, { signal, capture: true });
    panel.tabIndex = -1;
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", model.get("data").label ?? "Name pictures");
  });
}

// ---- what is drawn

const maker = (create) => (tag, attributes = {}, ...children) => {
  const node = create(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children);
  return node;
};
const html = maker((tag) => document.createElement(tag));
const svg = maker((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));

/** Show what `draw(data)` makes of the widget's data, anew when they change or there is more or less room. */
function shown({ model, el, signal }, draw) {
  const show = () => draw(model.get("data"));
  const watch = new ResizeObserver(show);
  watch.observe(el);
  model.on("change:data", show);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    model.off("change:data", show);
  });
  show();
}

const EDGE = "var(--rt-edge)"; // around lines and markers: of some the colour is near that of the ground
const DASHES = { "-": "none", "--": "7 4", "-.": "9 3 2 3", ":": "2 3" };
const SHAPES = { // paths around (0, 0)
  o: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  s: "M-3.6-3.6h7.2v7.2h-7.2z",
  "^": "M0-4.6L4.6 3.6H-4.6z",
  X: "M-2-4.2L0-2.2 2-4.2 4.2-2 2.2 0 4.2 2 2 4.2 0 2.2-2 4.2-4.2 2-2.2 0-4.2-2z",
  D: "M0-5L5 0 0 5-5 0z",
  v: "M0 4.6L4.6-3.6H-4.6z",
  P: "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
  "*": "M0-5L1.2-1.7 4.8-1.5 2 .6 2.9 4 0 2.1-2.9 4-2 .6-4.8-1.5-1.2-1.7z",
};

/** A line through places, in two inks, of which one stands out; as the style sheet says where it is of a `kind`. */
function curve(places, { kind, colour, dash, width = 2 }) {
  const points = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  if (kind) return [svg("polyline", { points, class: `rt-line rt-${kind}` })];
  const inks = [[EDGE, width + 1, 0.5], [colour, width, 1]];
  return inks.map(([stroke, wide, opacity]) =>
    svg("polyline", { points, class: "rt-line", style: `stroke:${stroke}`, opacity, "stroke-width": wide, "stroke-dasharray": DASHES[dash] }));
}

function mark([x, y], { colour, marker, size = 0.8 }) {
  const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size})`;
  return svg("path", { d: SHAPES[marker], transform, fill: colour, style: `stroke:${EDGE}`, "stroke-width": 0.8 / size });
}

/** A line's sample, for a legend. */
function sample(line) {
  const drawn = curve([[1, 7], [33, 7]], line);
  return svg("svg", { width: 34, height: 14, "aria-hidden": "true" }, ...drawn, ...(line.marker ? [mark([17, 7], line)] : []));
}

/** Rising places, moved so that they are at least `gap` apart between low and high. */
function spread(places, gap, low, high) {
  const moved = places.map((place) => Math.max(place, low));
  for (let i = 1; i < moved.length; i++) moved[i] = Math.max(moved[i], moved[i - 1] + gap);
  return moved.map((place, i) => Math.min(place, high - gap * (moved.length - 1 - i)));
}

/** Draw a chart into an <svg> that has its place on the page, and so a width. `inset` pixels stay free above and below. */
function drawChart(place, height, { x, y, ticks, lines, title, label, unread, settled, gap = 11, lift = -4 }, inset = 0) {
  const { width } = place.getBoundingClientRect();
  const across = (value) => (width * (value - x[0])) / (x[1] - x[0]);
  // What is far outside is drawn a little less far, as browsers draw no line to very far places.
  const up = (value) => Math.min(Math.max(inset + ((height - 2 * inset) * (y[1] - value)) / (y[1] - y[0]), -height), 2 * height);
  const placed = ({ points }) => points.map(([a, b]) => [across(a), up(b)]);
  const text = (words, attributes) => svg("text", attributes, words);
  const inside = svg("svg", { width, height, class: "rt-inside" });
  if (unread != null) inside.append(svg("rect", { x: across(unread), width: width - across(unread), height, class: "rt-unread" }));
  for (const [value] of ticks.y) inside.append(svg("path", { d: `M0 ${up(value)}H${width}`, class: "rt-grid" }));
  for (const line of lines) inside.append(...curve(placed(line), line));
  const marks = lines.flatMap((line) => (line.marks || []).map((k) => mark(placed(line)[k], line)));
  const named = lines.filter((line) => line.name).map((line) => ({ ...line, end: placed(line).at(-1) })).sort((a, b) => a.end[1] - b.end[1]);
  const heights = spread(named.map(({ end }) => end[1]), gap, gap / 2, height - (lift > 0 ? gap / 2 : 0));
  const names = named.map(({ name, kind, bold, end }, i) =>
    text(name, { x: end[0], y: heights[i], dx: -lift === 4 ? 3 : 6, dy: lift, class: bold ? "rt-largest" : kind && `rt-${kind}` }));
  const around = [];
  if (settled) {
    const left = settled.at > (x[0] + x[1]) / 2, at = across(settled.at);
    inside.append(svg("path", { d: `M${at} 0V${height}`, class: "rt-line rt-settled" }));
    names.push(text(settled.name, { x: at, y: 0.3 * height, dx: left ? -5 : 5, "text-anchor": left ? "end" : "start" }));
  }
  if (title) {
    around.push(text(title, { y: -10 }), svg("path", { d: `M0 0V${height}H${width}`, class: "rt-line rt-axis" }));
    around.push(...ticks.y.map(([value, words]) => text(words, { x: -7, y: up(value), dy: 4, "text-anchor": "end" })));
    around.push(...ticks.x.map(([value, words]) => text(words, { x: across(value), y: height + 17, "text-anchor": "middle" })));
    around.push(text(label, { x: width / 2, y: height + 33, "text-anchor": "middle" }));
  }
  place.replaceChildren(inside, ...around, ...marks, ...names);
}

/** The measures of a training run by epoch, side by side, under a legend. */
function charts(part) {
  const { el } = part, height = 150;
  shown(part, ({ alt, keys: legend, charts: all }) => {
    if (!all) return el.replaceChildren();
    const samples = legend.map((line) => html("span", {}, sample(line), ` ${line.name}`));
    const places = all.map(() => svg("svg", { class: "rt-chart", height }));
    el.replaceChildren(html("div", { class: "rt-charts", role: "img", "aria-label": alt }, html("div", { class: "rt-keys" }, ...samples), ...places));
    places.forEach((place, i) => drawChart(place, height, all[i]));
  });
}

/** Embeddings in the plane, inside a ring of radius 1; from one epoch to the next they move. */
function cloud(part) {
  const { el } = part, radius = 100;
  let marks = [], head, picture;
  const build = ({ points, kinds, looks }) => {
    marks = points.map((_, i) => mark([0, 0], { ...looks[kinds[i]], size: 0.7 }));
    const ring = svg("circle", { r: radius, class: "rt-line rt-grid" });
    picture = svg("svg", { viewBox: "-112 -112 224 224", role: "img" }, ring, ...marks);
    head = html("div", { class: "rt-head" });
    const names = looks.filter(({ name }) => name).slice(0, 12);
    const key = names.map((look) => html("div", { class: "rt-name", title: look.name },
      svg("svg", { width: 14, height: 12, "aria-hidden": "true" }, mark([6, 6], look)), ` ${look.name}`));
    if (looks.length > 12) key.push(html("div", {}, "..."));
    el.replaceChildren(head, html("div", { class: "rt-cloud" }, picture, html("div", {}, ...key)));
  };
  shown(part, (data) => {
    if (!data.points) return el.replaceChildren();
    if (marks.length !== data.points.length) build(data);
    head.textContent = data.head;
    picture.setAttribute("aria-label", data.alt);
    data.points.forEach(([x, y], i) => {
      marks[i].style.transform = `translate(${radius * x}px, ${-radius * y}px) scale(.7)`;
    });
  });
}

/** A bar for each class, as long as its probability; the largest in bold, the label in words. */
function bars(part) {
  shown(part, ({ head, bars: all }) => {
    if (!all) return;
    const rows = all.map(({ name, share, words, line, largest, label }) =>
      html("div", { role: "listitem", class: largest ? "rt-largest" : null },
        line ? sample({ ...line, width: 2.4, size: 1 }) : html("i"),
        html("span", { class: "rt-name", title: name }, name),
        html("div", { class: "rt-track" }, html("div", { style: `width:${100 * share}%;background:${line?.colour ?? "#999"}` })),
        html("span", { class: "rt-percent" }, words),
        html("span", {}, ...(label ? [html("span", { class: "rt-tag" }, "label")] : []))));
    part.el.replaceChildren(html("div", { class: "rt-head" }, head), html("div", { class: "rt-bars", role: "list" }, ...rows));
  });
}

/** The probabilities so far as lines; over them the strip, if it is one; under them the hidden states. All have the same columns. */
function course(part) {
  const height = 132;
  shown(part, ({ head, ends, now, alt, chart, picture, state }) => {
    if (!chart) return;
    const place = svg("svg", { class: "rt-lines", height, role: "img", "aria-label": alt });
    const levels = html("div", { class: "rt-levels" }, ...chart.ticks.y.map(([, words]) => html("span", {}, words)));
    const rows = [levels, place];
    if (picture) rows.unshift(html("img", { class: "rt-thumb rt-arriving", alt: picture.alt, src: picture.source }));
    if (state) {
      const scale = html("div", {}, ...["1", "0", "\u22121"].map((words) => html("span", {}, words)));
      rows.push(html("div", { class: "rt-units" }, state.units.toLocaleString("en"), html("br"), state.units > 1 ? "units" : "unit"),
        html("img", { class: "rt-thumb rt-state", alt: state.alt, src: state.source }),
        html("div", { class: "rt-scale" }, html("i", { style: `background:linear-gradient(${state.scale})` }), scale));
    }
    const frame = now && html("div", { class: "rt-frame", style: `left:${100 * now[0]}%;width:${100 * (now[1] - now[0])}%;top:0;height:100%` });
    rows.push(html("div", { class: "rt-now" }, ...(now ? [frame] : [])), html("div", { class: "rt-ends" }, ...ends.map((words) => html("span", {}, words))));
    const widest = picture && `--rt-widest:${picture.widest}px`;
    part.el.replaceChildren(html("div", { class: "rt-head" }, head), html("div", { class: "rt-course", style: widest }, ...rows));
    drawChart(place, height, chart, 6);
  });
}

/** An image with a grid of places, and a frame on one of them, which the mouse and the arrow keys move. */
function places(part) {
  const { model, el, signal } = part;
  const head = html("div", { class: "rt-head" }), image = html("img", { class: "rt-thumb", draggable: "false" });
  const frame = html("div", { class: "rt-frame" });
  const place = html("div", { class: "rt-framed rt-places", tabindex: "0", role: "application" }, image, frame);
  el.replaceChildren(head, place);
  let last = "";
  const pointed = ({ clientX, clientY }) => {
    const { left, top, width, height } = image.getBoundingClientRect(), { size, pitch } = model.get("data");
    const shares = [(clientY - top) / height, (clientX - left) / width];
    const at = shares.map((share, i) => Math.round((share - size[i] / 2) / pitch[i]));
    if (String(at) !== last) model.send({ at });
    last = String(at);
  };
  place.addEventListener("pointerdown", (event) => {
    place.setPointerCapture(event.pointerId);
    last = "";
    pointed(event);
  }, { signal });
  place.addEventListener("pointermove", (event) => event.buttons & 1 && pointed(event), { signal });
  place.addEventListener("keydown", (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    model.send({ by });
  }, { signal });
  shown(part, ({ head: words, source, alt, label, width, at, size, pitch }) => {
    if (!source) return;
    head.textContent = words;
    place.setAttribute("aria-label", label);
    Object.assign(image, { src: source, alt, width });
    const share = (value) => `${100 * value}%`;
    frame.style = at
      ? `top:${share(at[0] * pitch[0])};left:${share(at[1] * pitch[1])};height:${share(size[0])};width:${share(size[1])}`
      : "display:none";
  });
}

const PARTS = { keys, labelling, charts, cloud, bars, course, places };

export default {
  render({ model, el }) {
    const abort = new AbortController();
    PARTS[model.get("part")]({ model, el, signal: abort.signal });
    return () => abort.abort();
  },
};

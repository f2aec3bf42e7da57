// The live map: a canvas of points with their images, and the controls to look, select and correct.
// Everything that can be seen works without the kernel once the data has come; what changes the
// sorting is sent to Python, which answers with the new state.

const SHAPES = ["circle", "square", "triangle", "cross", "diamond", "down", "plus", "star"];
const NO_CATEGORY = "#999999";
const DARKEST = 0.16, PALEST = 0.6; // luminance of colours on a dark and on a light ground
const LEGIBLE = new Map(); // what `legible` found before
const MANY = 8000; // visible points above which plain squares take the place of shapes
const FEW = 200; // visible points below which thumbnails may lie over points
const TRIED = 500; // points for which, above that, a free place for a thumbnail is looked for
const MARGIN = 32; // pixels around the points, of both sides together
const CELL = 8; // pixels, of the grid that says where points lie
const BUCKETS = 128; // of the search grid, a side
const PATIENCE = 5000; // ms without an answer, after which the kernel counts as gone

const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

/** How light a colour is, from 0 to 1 (relative luminance, WCAG 2). */
function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => (v <= 10 ? v / 3294 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A colour that stands out from its ground: dark ones are made lighter on a dark ground, pale ones darker on a light one. */
function legible(colour, dark) {
  if (dark && colour === "#000000") return "#FFFFFF";
  const known = LEGIBLE.get(colour + dark);
  if (known) return known;
  let rgb = hex(colour);
  for (let i = 0; i < 12 && (dark ? luminance(rgb) < DARKEST : luminance(rgb) > PALEST); i++)
    rgb = rgb.map((v) => Math.round(dark ? v + 0.12 * (255 - v) : 0.92 * v));
  const found = `#${rgb.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
  LEGIBLE.set(colour + dark, found);
  return found;
}

/** The colour and shape of category `k`, as in `rt.plots.style`: no two alike below 64. */
function style(k, palette, dark) {
  if (k < 0) return { colour: NO_CATEGORY, shape: "circle" };
  return { colour: legible(palette[k % palette.length], dark), shape: SHAPES[(k + Math.floor(k / palette.length)) % 8] };
}

/** Trace one marker around (x, y) with radius r. */
function trace(g, shape, x, y, r) {
  const polygon = (points) => points.forEach(([a, b], i) => (i ? g.lineTo(x + a * r, y + b * r) : g.moveTo(x + a * r, y + b * r)));
  g.beginPath();
  if (shape === "circle") g.arc(x, y, r, 0, 7);
  else if (shape === "square") g.rect(x - 0.85 * r, y - 0.85 * r, 1.7 * r, 1.7 * r);
  else if (shape === "triangle") polygon([[0, -1.1], [1, 0.8], [-1, 0.8]]);
  else if (shape === "down") polygon([[0, 1.1], [1, -0.8], [-1, -0.8]]);
  else if (shape === "diamond") polygon([[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]);
  else if (shape === "star") polygon([...Array(10).keys()].map((i) => [Math.sin((i * Math.PI) / 5) * (i % 2 ? 0.5 : 1.25), -Math.cos((i * Math.PI) / 5) * (i % 2 ? 0.5 : 1.25)]));
  else {
    const arm = [[-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35], [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]];
    const turn = shape === "cross" ? Math.SQRT1_2 : 0;
    polygon(arm.map(([a, b]) => (turn ? [(a - b) * turn, (a + b) * turn] : [a, b])));
  }
  g.closePath();
}

/** Blue to yellow, readable in grey, for a number from 0 to 1. */
function ramp(t) {
  const stops = [[0, 34, 78], [64, 78, 108], [124, 123, 120], [190, 173, 106], [253, 231, 55]];
  const s = Math.min(Math.max(t, 0), 1) * 4, i = Math.min(Math.floor(s), 3), f = s - i;
  return stops[i].map((v, c) => Math.round(v + f * (stops[i + 1][c] - v)));
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const buffer = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

class MapView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.abort = new AbortController();
    this.sheets = new Map();
    this.asked = new Set();
    this.info = [];
    this.neighbours = new Map();
    this.hidden = new Set();
    this.selected = new Set();
    this.pinned = -1;
    this.cursor = -1;
    this.hover = -1;
    this.cluster = null;
    this.colour = model.get("colour");
    this.view = { scale: 1, x: 0, y: 0 };
    this.waiting = 0;
    this.build();
    this.listen();
    this.send({ type: "ready" });
  }

  // ---- the parts of the panel

  build() {
    const button = (label, action, more = {}) => element("button", { type: "button", onclick: action, ...more }, label);
    this.colours = element("select", { "aria-label": "Colour by", onchange: () => this.colourBy(this.colours.value) });
    this.lassoButton = button("Lasso", () => this.setLasso(!this.lassoing), { "aria-pressed": "false", title: "Draw around images to select them" });
    this.listButton = button("List", () => this.setListing(!this.listing), { "aria-pressed": "false", title: "List the images that are on the map now" });
    this.heading = element("div", { class: "rt-map-title" }, this.model.get("title"));
    const look = element("div", { class: "rt-map-bar", role: "toolbar", "aria-label": "Look" },
      element("label", {}, "Colour by ", this.colours), this.lassoButton,
      button("+", () => this.zoom(1.5), { "aria-label": "Zoom in" }), button("−", () => this.zoom(1 / 1.5), { "aria-label": "Zoom out" }), button("Fit", () => this.fit()), this.listButton,
      element("span", { class: "rt-map-hint" }, "Select:"),
      button("Most typical", () => this.pick("typical")), button("On the border", () => this.pick("border")), button("Most doubtful", () => this.pick("doubtful")));
    this.canvas = element("canvas", { tabindex: "0", role: "application", "data-lm-suppress-shortcuts": "true",
      "aria-label": "Map of images. Arrows go to the next image, Enter pins it, space selects it, a letter names its cluster, plus and minus zoom, Escape leaves." });
    this.tip = element("div", { class: "rt-map-tip", hidden: true });
    this.stage = element("div", { class: "rt-map-stage" }, this.canvas, this.tip);
    this.card = element("div", { class: "rt-map-card" });
    this.legend = element("div", { class: "rt-map-legend", role: "group", "aria-label": "Legend" });
    const side = element("div", { class: "rt-map-side" }, this.card, this.legend);
    this.moveTo = element("select", { "aria-label": "Move the selected images to", onchange: () => this.moveSelected() });
    this.mergeInto = element("select", { "aria-label": "Merge the chosen cluster into", onchange: () => this.mergeChosen() });
    this.selectedText = element("span", { class: "rt-map-count" });
    this.clusterText = element("span", { class: "rt-map-count" });
    this.asideButton = button("Set aside", () => this.act("set_aside", [...this.chosen()]), { title: "Take them out of all clusters; their files stay" });
    this.clearButton = button("Clear", () => this.select([]));
    this.splitButton = button("Split in two", () => this.act("split", this.cluster), { title: "k-means inside this cluster" });
    this.undoButton = button("Undo", () => this.act("undo"));
    this.redoButton = button("Redo", () => this.act("redo"));
    this.suggestButton = button("Suggest", () => this.act("suggest"), { title: "Predict the rest from the clusters you named" });
    this.acceptButton = button("Accept", () => this.act("accept"), { hidden: true });
    this.dropButton = button("Keep as it is", () => this.act("drop"), { hidden: true });
    this.correct = this.model.get("correct");
    const correct = element("div", { class: "rt-map-bar", role: "toolbar", "aria-label": "Correct", hidden: !this.correct },
      this.selectedText, this.moveTo, this.asideButton, this.clearButton, this.clusterText, this.splitButton, this.mergeInto,
      this.undoButton, this.redoButton, this.suggestButton, this.acceptButton, this.dropButton);
    this.said = element("div", { class: "rt-map-said", role: "status", "aria-live": "polite" }, "Waiting for the kernel ...");
    this.rows = element("div", { class: "rt-map-rows" });
    this.grid = element("div", { class: "rt-map-grid", tabindex: "0", role: "listbox", "aria-label": "Selected images", "aria-multiselectable": "true", "data-lm-suppress-shortcuts": "true" }, this.rows);
    this.code = element("pre", { tabindex: "0", "aria-label": "The same in Python" });
    this.root = element("div", { class: "rt-map" }, this.heading, look, element("div", { class: "rt-map-main" }, this.stage, side), correct, this.said, this.grid,
      element("details", { hidden: !this.correct }, element("summary", {}, "The same in Python"), this.code));
    this.el.append(this.root);
    this.el.classList.add("rt-map-host");
  }

  listen() {
    const on = (target, type, handler, options = {}) => target.addEventListener(type, handler, { signal: this.abort.signal, ...options });
    this.onMessage = (message, buffers) => this.receive(message, buffers);
    this.onSelection = () => this.takeSelection();
    this.onPinned = () => this.pin(this.model.get("pinned"), false);
    this.onColour = () => { this.colours.value = this.model.get("colour"); this.colourBy(this.colours.value, false); };
    this.model.on("msg:custom", this.onMessage);
    this.model.on("change:_selection", this.onSelection);
    this.model.on("change:pinned", this.onPinned);
    this.model.on("change:colour", this.onColour);
    this.onTitle = () => { this.heading.textContent = this.model.get("title"); };
    this.model.on("change:title", this.onTitle);
    on(this.canvas, "wheel", (event) => { event.preventDefault(); this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.offsetX, event.offsetY); }, { passive: false });
    on(this.canvas, "pointerdown", (event) => this.pointerDown(event));
    on(this.canvas, "pointermove", (event) => this.pointerMove(event));
    on(this.canvas, "pointerup", (event) => this.pointerUp(event));
    on(this.canvas, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(this.canvas, "pointerleave", () => this.setHover(-1));
    on(this.canvas, "dblclick", () => this.fit());
    on(this.canvas, "keydown", (event) => this.key(event));
    on(this.canvas, "focus", () => this.draw());
    on(this.canvas, "blur", () => this.draw());
    on(this.grid, "scroll", () => this.drawRows());
    on(this.grid, "keydown", (event) => this.gridKey(event));
    this.pointers = new Map();
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.stage);
    this.themes = new MutationObserver(() => this.retheme());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
    this.retheme();
  }

  close() {
    this.abort.abort();
    this.resizer.disconnect();
    this.themes.disconnect();
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:_selection", this.onSelection);
    this.model.off("change:pinned", this.onPinned);
    this.model.off("change:colour", this.onColour);
    this.model.off("change:title", this.onTitle);
    clearTimeout(this.listed);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.waiting);
    for (const sheet of this.sheets.values()) sheet.image.close();
    this.sheets.clear();
    this.root.remove();
  }

  // ---- messages

  send(message) {
    const lost = (words) => this.say(`${words} If the kernel was restarted, run this cell again.`, true);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => lost("The kernel does not answer yet."), PATIENCE);
    try {
      this.model.send(message);
    } catch {
      lost("The kernel does not know this map any more.");
    }
  }

  receive(message, buffers) {
    clearTimeout(this.waiting);
    this.root.classList.remove("rt-map-alarm");
    if (message.type === "data") this.takeData(message, buffers);
    else if (message.type === "state") this.takeState(message, buffers);
    else if (message.type === "sheet") this.takeSheet(message, buffers);
    else if (message.type === "neighbours") {
      this.neighbours.set(message.index, new Int32Array(buffer(buffers[0])));
      if (message.index === this.pinned) this.drawCard(), this.draw();
    } else if (message.type === "pick") this.select(new Int32Array(buffer(buffers[0])), message.words);
    else if (message.type === "say") this.say(message.words, message.alarm);
  }

  takeData(message, buffers) {
    this.n = message.n;
    this.points = new Float32Array(buffer(buffers[0]));
    this.palette = message.palette;
    const columns = message.columns.map((column, i) => ({ ...column, values: column.kind === "number" ? new Float32Array(buffer(buffers[i + 2])) : new Int32Array(buffer(buffers[i + 2])) }));
    this.doubt = { name: "doubt", kind: "number", values: new Float32Array(this.n) };
    this.columns = [...columns.filter((c) => c.name === "label"), this.doubt, ...columns.filter((c) => c.name !== "label")];
    const near = message.near ? new Int32Array(buffer(buffers[1])) : null;
    if (near) for (let i = 0; i < this.n; i++) this.neighbours.set(i, near.subarray(i * message.near, (i + 1) * message.near));
    this.sheetSize = message.sheet_size;
    this.cell = message.cell;
    this.shares = message.ragged ? new Float32Array(buffer(buffers.at(-1))) : null;
    this.buildIndex();
    const names = ["cluster", "name", ...this.columns.map((column) => column.name)];
    this.colours.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
    this.colours.value = this.colour = names.includes(this.model.get("colour")) ? this.model.get("colour") : "cluster";
    this.askSheet(0);
    this.fit();
  }

  takeState(message, buffers) {
    this.clusters = new Int32Array(buffer(buffers[0]));
    this.doubt.values = new Float32Array(buffer(buffers[1]));
    this.other = new Int32Array(buffer(buffers[2]));
    this.names = message.names;
    this.sizes = message.sizes;
    this.typical = message.typical;
    this.code.textContent = message.code;
    this.undoButton.disabled = !message.can_undo;
    this.redoButton.disabled = !message.can_redo;
    this.acceptButton.hidden = this.dropButton.hidden = !message.suggestion;
    this.suggestButton.hidden = !!message.suggestion;
    this.flagged = new Set(buffers[3] ? new Int32Array(buffer(buffers[3])) : []);
    const known = Object.keys(this.sizes).map(Number);
    if (!known.includes(this.cluster)) this.cluster = null;
    this.moveTo.replaceChildren(...this.options("Move to ..."), element("option", { value: "new" }, "a new cluster"));
    this.mergeInto.replaceChildren(...this.options("Merge into ..."));
    this.recolour();
    this.takeSelection();
    if (this.pinned < 0 && this.model.get("pinned") >= 0) this.pin(this.model.get("pinned"), false);
    this.drawCard();
    this.say(message.words);
  }

  async takeSheet(message, buffers) {
    const image = await createImageBitmap(new Blob([buffer(buffers[0])]));
    if (this.abort.signal.aborted) return image.close();
    this.sheets.set(message.number, { image, columns: message.columns });
    message.sources.forEach((source, i) => { this.info[message.first + i] = source; });
    this.draw();
    this.drawCard();
    this.drawRows(true);
    if (this.clusters) this.drawLegend();
    this.setHover(this.hover, true);
    const next = [...Array(Math.ceil(this.n / this.sheetSize)).keys()].find((k) => !this.asked.has(k));
    if (next !== undefined) this.askSheet(next);
  }

  askSheet(number) {
    if (this.asked.has(number)) return;
    this.asked.add(number);
    this.model.send({ type: "sheet", number });
  }

  act(action, ...values) {
    this.send({ type: "act", action, values });
  }

  say(words, alarm = false) {
    if (words) this.said.textContent = words;
    this.root.classList.toggle("rt-map-alarm", !!alarm);
  }

  // ---- categories, colours

  nameOf(cluster) {
    if (cluster < 0) return "set aside";
    return this.names[cluster] ? `${cluster}: ${this.names[cluster]}` : `cluster ${cluster}`;
  }

  /** For each image its category and, beside it, what the legend says of each category. */
  recolour() {
    const column = this.columns.find((c) => c.name === this.colour);
    if (column && column.kind === "number") {
      this.categories = null;
      this.numbers = column.values;
      const finite = column.values.filter(Number.isFinite);
      this.range = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
    } else {
      this.numbers = null;
      let labels;
      if (column) {
        this.categories = column.values;
        labels = new Map(column.categories.map((label, k) => [k, label]));
      } else if (this.colour === "name") {
        const names = [...new Set(Object.keys(this.sizes).map((k) => this.names[k]).filter(Boolean))];
        const place = Object.fromEntries(Object.keys(this.sizes).map((k) => [k, names.indexOf(this.names[k])]));
        this.categories = this.clusters.map((k) => place[k] ?? -1);
        labels = new Map(names.map((name, k) => [k, name]));
      } else {
        this.categories = this.clusters;
        labels = new Map(Object.keys(this.sizes).map((k) => [Number(k), this.nameOf(Number(k))]));
      }
      const counts = new Map();
      for (const k of this.categories) counts.set(k, (counts.get(k) || 0) + 1);
      if (counts.has(-1)) labels.set(-1, this.colour === "cluster" ? "set aside" : this.colour === "name" ? "no name" : `no ${this.colour}`);
      this.entries = [...labels].map(([k, label]) => ({ k, label, count: counts.get(k) || 0 }));
    }
    this.sprites = null;
    this.drawLegend();
    this.draw();
  }

  colourBy(name, tell = true) {
    this.colour = name;
    this.hidden.clear();
    if (tell) this.model.set("colour", name), this.model.save_changes();
    if (this.clusters) this.recolour();
  }

  isVisible(i) {
    return !(this.categories && this.hidden.has(this.categories[i]));
  }

  colourOf(i) {
    if (this.numbers) {
      const [low, high] = this.range, value = this.numbers[i];
      return Number.isFinite(value) ? `rgb(${ramp((value - low) / (high - low || 1)).join()})` : NO_CATEGORY;
    }
    return style(this.categories[i], this.palette, this.dark).colour;
  }

  drawLegend() {
    if (this.numbers) {
      const stops = [0, 0.25, 0.5, 0.75, 1].map((t) => `rgb(${ramp(t).join()})`).join();
      this.legend.replaceChildren(element("div", { class: "rt-map-scale", style: `background: linear-gradient(90deg, ${stops})` }),
        element("div", { class: "rt-map-ends" }, element("span", {}, this.range[0].toPrecision(3)), element("span", {}, this.range[1].toPrecision(3))));
      return;
    }
    const focused = this.root.contains(document.activeElement) && document.activeElement.dataset?.key;
    const rows = this.entries.map(({ k, label, count }) => {
      const swatch = element("canvas", { width: 32, height: 32, class: "rt-map-swatch", "aria-hidden": "true" });
      const g = swatch.getContext("2d"), { colour, shape } = style(k, this.palette, this.dark);
      trace(g, shape, 16, 16, 11), (g.fillStyle = colour), g.fill();
      const shown = !this.hidden.has(k);
      const eye = element("button", { type: "button", "aria-pressed": String(shown), "aria-label": `Show ${label}`, title: shown ? "Hide" : "Show", "data-key": `eye${k}`, onclick: () => this.toggle(k) }, shown ? "◉" : "○");
      const only = element("button", { type: "button", "aria-label": `Show only ${label}`, title: "Show only this; again, all", "data-key": `only${k}`, onclick: () => this.isolate(k) }, "only");
      const choose = element("button", { type: "button", "aria-label": `Select all of ${label}`, title: "Select all", "data-key": `all${k}`, onclick: () => this.chooseCategory(k) }, count.toLocaleString());
      const ofCluster = this.colour === "cluster" && k >= 0, naming = ofCluster && this.correct;
      const field = naming
        ? element("input", { type: "text", value: this.names[k] || "", placeholder: `name cluster ${k}`, "aria-label": `Name of cluster ${k}`, "data-key": `name${k}`, "data-cluster": k,
            onkeydown: (event) => { event.stopPropagation(); if (event.key === "Escape") { event.target.value = this.names[k] || ""; this.canvas.focus(); } if (event.key === "Enter") this.canvas.focus(); },
            onchange: (event) => { if (event.target.value !== (this.names[k] || "")) this.act("name", k, event.target.value); } })
        : element("span", { class: "rt-map-label" }, label);
      const number = naming ? element("span", { class: "rt-map-number" }, String(k)) : "";
      return element("div", { class: "rt-map-row rt-map-kind" + (this.cluster === k && ofCluster ? " rt-map-chosen" : "") }, swatch, number, ofCluster ? this.typicalOf(k) : "", field, choose, eye, only);
    });
    const head = element("div", { class: "rt-map-row rt-map-hint", "aria-hidden": "true" }, element("span", { class: "rt-map-label" }, this.correct && this.colour === "cluster" ? "Clusters: type a name" : `Each ${this.colour}`), "select all, show, only");
    this.legend.replaceChildren(head, ...rows);
    if (focused) this.legend.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  /** The most typical image of a cluster, small, for eyes only: its name stands beside it. */
  typicalOf(cluster) {
    const box = element("span", { class: "rt-map-typical", "aria-hidden": "true" });
    if (cluster in this.typical) box.append(this.picture(this.typical[cluster], 16, 26));
    return box;
  }

  toggle(k) {
    this.hidden.has(k) ? this.hidden.delete(k) : this.hidden.add(k);
    this.drawLegend();
    this.draw();
  }

  isolate(k) {
    const others = this.entries.map((entry) => entry.k).filter((other) => other !== k);
    const alone = !this.hidden.has(k) && others.every((other) => this.hidden.has(other));
    this.hidden = new Set(alone ? [] : others);
    this.drawLegend();
    this.draw();
  }

  chooseCategory(k) {
    if (this.colour === "cluster" && k >= 0) this.cluster = k;
    const members = [];
    for (let i = 0; i < this.n; i++) if (this.categories[i] === k) members.push(i);
    this.select(members, `All ${members.length.toLocaleString()} of ${this.entries.find((entry) => entry.k === k).label} are selected.`);
    this.drawLegend();
  }

  // ---- where things are

  buildIndex() {
    const counts = new Int32Array(BUCKETS * BUCKETS + 1);
    const bucket = (i) => Math.min(BUCKETS - 1, Math.floor(this.points[2 * i + 1] * BUCKETS)) * BUCKETS + Math.min(BUCKETS - 1, Math.floor(this.points[2 * i] * BUCKETS));
    for (let i = 0; i < this.n; i++) counts[bucket(i) + 1]++;
    for (let b = 0; b < BUCKETS * BUCKETS; b++) counts[b + 1] += counts[b];
    const next = counts.slice(), order = new Int32Array(this.n);
    for (let i = 0; i < this.n; i++) order[next[bucket(i)]++] = i;
    this.index = { starts: counts, order };
    this.extent = [0, 1].map((axis) => Math.max(0.2, 2 * this.points.reduce((most, v, i) => (i % 2 === axis ? Math.max(most, Math.abs(v - 0.5)) : most), 0)));
    this.priority = [...Array(this.n).keys()].sort((a, b) => (Math.imul(a, 2654435761) >>> 0) - (Math.imul(b, 2654435761) >>> 0));
  }

  /** The indices in a box of the map, all of them or only visible ones. */
  *inside(x0, y0, x1, y1) {
    const clamp = (v) => Math.min(BUCKETS - 1, Math.max(0, Math.floor(v * BUCKETS)));
    const { starts, order } = this.index;
    for (let row = clamp(y0); row <= clamp(y1); row++)
      for (let j = starts[row * BUCKETS + clamp(x0)]; j < starts[row * BUCKETS + clamp(x1) + 1]; j++) {
        const i = order[j], x = this.points[2 * i], y = this.points[2 * i + 1];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && this.isVisible(i)) yield i;
      }
  }

  at(i) {
    return [this.points[2 * i] * this.side * this.view.scale + this.view.x, this.points[2 * i + 1] * this.side * this.view.scale + this.view.y];
  }

  mapPlace(x, y) {
    const s = this.side * this.view.scale;
    return [(x - this.view.x) / s, (y - this.view.y) / s];
  }

  nearest(x, y, radius = 14) {
    const [a, b] = this.mapPlace(x - radius, y - radius), [c, d] = this.mapPlace(x + radius, y + radius);
    let best = -1, least = radius * radius;
    for (const i of this.inside(a, b, c, d)) {
      const [u, v] = this.at(i), distance = (u - x) ** 2 + (v - y) ** 2;
      if (distance < least) (best = i), (least = distance);
    }
    return best >= 0 ? best : this.thumbnailAt(x, y);
  }

  thumbnailAt(x, y) {
    const hit = (this.thumbnails || []).find(([, u, v, w, h]) => x >= u && x <= u + w && y >= v && y <= v + h);
    return hit ? hit[0] : -1;
  }

  /** The nearest visible image within 45 degrees of a direction. */
  towards(from, dx, dy) {
    const [x, y] = this.at(from);
    let best = -1, least = Infinity;
    for (let i = 0; i < this.n; i++) {
      if (i === from || !this.isVisible(i)) continue;
      const [u, v] = this.at(i), along = (u - x) * dx + (v - y) * dy, aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
      if (along <= 0 || aside > along) continue;
      const distance = along + 2 * aside;
      if (distance < least) (best = i), (least = distance);
    }
    return best;
  }

  resize() {
    const width = Math.max(200, this.stage.clientWidth), height = Math.max(200, this.stage.clientHeight);
    const ratio = window.devicePixelRatio || 1;
    if (this.width === width && this.height === height && this.ratio === ratio) return;
    Object.assign(this, { width, height, ratio, side: Math.min(width, height) - MARGIN });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.sprites = null;
    if (this.points) this.fit();
    this.drawRows(true);
  }

  fit() {
    if (!this.points || !this.side) return;
    const scale = Math.min((this.width - MARGIN) / this.extent[0], (this.height - MARGIN) / this.extent[1]) / this.side;
    this.view = { scale, x: (this.width - scale * this.side) / 2, y: (this.height - scale * this.side) / 2 };
    this.draw();
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(400, Math.max(0.5, this.view.scale * factor)), f = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * f, y: y - (y - this.view.y) * f };
    this.setHover(-1);
    this.draw();
  }

  show(i) {
    const [x, y] = this.at(i), margin = 30;
    if (x < margin || y < margin || x > this.width - margin || y > this.height - margin) {
      this.view.x += this.width / 2 - x;
      this.view.y += this.height / 2 - y;
    }
  }

  // ---- drawing

  retheme() {
    const style = getComputedStyle(this.root);
    const background = style.getPropertyValue("--jp-layout-color0").trim() || getComputedStyle(document.body).backgroundColor;
    const probe = element("canvas", { width: 1, height: 1 }).getContext("2d");
    probe.fillStyle = background || "#ffffff";
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
    this.dark = a > 0 && 0.3 * r + 0.59 * g + 0.11 * b < 110;
    this.root.classList.toggle("rt-map-dark", this.dark);
    this.sprites = null;
    if (this.clusters) this.drawLegend(), this.drawCard(), this.drawRows(true);
    this.draw();
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.clusters && this.points && this.width) this.paint();
    });
  }

  paint() {
    const began = performance.now(), g = this.canvas.getContext("2d"), ratio = this.ratio;
    const [x0, y0] = this.mapPlace(-8, -8), [x1, y1] = this.mapPlace(this.width + 8, this.height + 8);
    const seen = [...this.inside(x0, y0, x1, y1)];
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.seen = seen;
    const radius = Math.max(2, Math.min(6, 90 / Math.sqrt(seen.length + 1) + 1));
    if (seen.length > MANY) this.paintSquares(g, seen);
    else this.paintShapes(g, seen, radius * ratio);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.thumbnails = [];
    if (seen.length <= MANY && this.sheets.size) this.paintThumbnails(g, seen);
    this.paintMarks(g, radius);
    if (this.path) this.paintLasso(g);
    if (this.listing) clearTimeout(this.listed), (this.listed = setTimeout(() => this.drawRows(true), 150));
    this.lastFrame = performance.now() - began;
    this.root.dataset.frame = this.lastFrame.toFixed(1);
  }

  paintSquares(g, seen) {
    const { width, height } = this.canvas, image = g.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    const size = Math.max(1, Math.round((seen.length > 30000 ? 1.5 : 2) * this.ratio));
    const packed = (rgb) => (255 << 24) | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
    const table = this.categories ? new Map(this.entries.map(({ k }) => [k, packed(hex(style(k, this.palette, this.dark).colour))])) : null;
    const [low, high] = this.range || [0, 1];
    const s = this.side * this.view.scale * this.ratio, ox = this.view.x * this.ratio, oy = this.view.y * this.ratio;
    for (const i of seen) {
      const colour = table ? table.get(this.categories[i]) : packed(ramp((this.numbers[i] - low) / (high - low || 1)));
      const x = Math.round(this.points[2 * i] * s + ox), y = Math.round(this.points[2 * i + 1] * s + oy);
      for (let v = Math.max(0, y); v < Math.min(height, y + size); v++) for (let u = Math.max(0, x); u < Math.min(width, x + size); u++) pixels[v * width + u] = colour;
    }
    g.putImageData(image, 0, 0);
  }

  paintShapes(g, seen, radius) {
    if (this.numbers) {
      for (const i of seen) {
        const [x, y] = this.at(i);
        trace(g, "circle", x * this.ratio, y * this.ratio, radius);
        g.fillStyle = this.colourOf(i);
        g.fill();
      }
      return;
    }
    if (!this.sprites || this.sprites.radius !== radius) {
      this.sprites = { radius, of: new Map() };
      for (const { k } of this.entries) {
        const size = Math.ceil(3 * radius), sprite = element("canvas", { width: size, height: size }), h = sprite.getContext("2d"), { colour, shape } = style(k, this.palette, this.dark);
        trace(h, shape, size / 2, size / 2, radius);
        h.globalAlpha = 0.85;
        h.fillStyle = colour;
        h.fill();
        this.sprites.of.set(k, sprite);
      }
    }
    for (const i of seen) {
      const sprite = this.sprites.of.get(this.categories[i]), [x, y] = this.at(i);
      if (sprite) g.drawImage(sprite, Math.round(x * this.ratio - sprite.width / 2), Math.round(y * this.ratio - sprite.height / 2));
    }
  }

  /** Thumbnails beside their points: never over each other and, where there are many points, never over one. */
  paintThumbnails(g, seen) {
    const longer = Math.max(...this.cell), size = Math.min(64, Math.max(32, longer)), scale = size / longer;
    const h = this.cell[1] * scale, columns = Math.ceil(this.width / CELL) + 1, rows = Math.ceil(this.height / CELL) + 1;
    const crowded = seen.length > FEW, used = new Uint8Array(columns * rows), among = new Set(seen);
    const mark = (x, y) => { if (x >= 0 && y >= 0 && x < this.width && y < this.height) used[Math.floor(y / CELL) * columns + Math.floor(x / CELL)] = 1; };
    if (crowded) for (const i of seen) mark(...this.at(i));
    const free = (u, v, w) => {
      if (u < 2 || v < 2 || u + w > this.width - 2 || v + h > this.height - 2) return false;
      for (let y = Math.floor((v - 3) / CELL); y <= (v + h + 3) / CELL; y++)
        for (let x = Math.floor((u - 3) / CELL); x <= (u + w + 3) / CELL; x++) if (used[y * columns + x]) return false;
      return true;
    };
    g.imageSmoothingEnabled = scale < 1;
    const pinned = this.pinned >= 0 ? [this.pinned, ...(this.neighbours.get(this.pinned) || [])] : [];
    let tried = 0;
    for (const list of [pinned, this.priority]) for (const i of list) {
      if (!among.delete(i)) continue;
      if (crowded && tried++ > TRIED) break;
      const [x, y] = this.at(i), w = this.ownWidth(i) * scale, gap = crowded ? 9 : 5, far = 14;
      const places = [[x + gap, y - h / 2], [x - gap - w, y - h / 2], [x - w / 2, y - h - gap], [x - w / 2, y + gap],
        [x + far, y - h - far], [x - w - far, y - h - far], [x + far, y + far], [x - w - far, y + far]];
      const inside = ([u, v]) => u > 2 && v > 2 && u + w < this.width - 2 && v + h < this.height - 2;
      const place = (crowded ? places : places.slice(0, 1)).find(([u, v]) => free(u, v, w)) || (i === this.pinned && places.find(inside));
      if (!place) continue;
      const [u, v] = place;
      g.strokeStyle = this.colourOf(i);
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(Math.min(Math.max(x, u), u + w), Math.min(Math.max(y, v), v + h));
      g.stroke();
      if (!this.paintImage(g, i, u, v, w, h)) continue;
      for (let b = Math.floor(v / CELL); b <= (v + h) / CELL; b++) for (let a = Math.floor(u / CELL); a <= (u + w) / CELL; a++) used[b * columns + a] = 1;
      this.thumbnails.push([i, u, v, w, h]);
      g.lineWidth = 1.5;
      g.strokeRect(u - 1, v - 1, w + 2, h + 2);
    }
  }

  /** The width of an image in its cell of a sheet: strips are narrower than the widest. */
  ownWidth(i) {
    return this.cell[0] * (this.shares ? this.shares[i] : 1);
  }

  /** Draw an image from its sheet; false where the sheet is not there yet. */
  paintImage(g, i, x, y, w, h) {
    const number = Math.floor(i / this.sheetSize), sheet = this.sheets.get(number);
    if (!sheet) return this.askSheet(number), false;
    const place = i % this.sheetSize, [cw, ch] = this.cell;
    g.drawImage(sheet.image, (place % sheet.columns) * cw, Math.floor(place / sheet.columns) * ch, this.ownWidth(i), ch, x, y, w, h);
    return true;
  }

  paintMarks(g, radius) {
    const ink = this.dark ? "#FFFFFF" : "#000000";
    const ring = (i, r, width, dash = [], strength = 1) => {
      const [x, y] = this.at(i);
      if (x < -20 || y < -20 || x > this.width + 20 || y > this.height + 20) return;
      g.beginPath();
      g.setLineDash(dash);
      g.arc(x, y, r, 0, 7);
      g.strokeStyle = ink;
      g.lineWidth = width;
      g.globalAlpha = strength;
      g.stroke();
      g.globalAlpha = 1;
    };
    const behind = this.pinned >= 0 ? 0.4 : 1; // the rings of others, so that the pinned image is found
    if (this.selected.size <= 5000) for (const i of this.selected) ring(i, radius + 2, 1, [], behind);
    for (const i of this.flagged || []) ring(i, radius + 4, 1, [2, 2], behind);
    for (const i of (this.pinned >= 0 && this.neighbours.get(this.pinned)) || []) ring(i, radius + 4, 1.5, [4, 3]);
    if (this.pinned >= 0) ring(this.pinned, radius + 6, 3);
    if (this.cursor >= 0 && document.activeElement === this.canvas) ring(this.cursor, radius + 9, 2, [6, 3]);
    g.setLineDash([]);
  }

  paintLasso(g) {
    g.beginPath();
    this.path.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
    g.closePath();
    g.fillStyle = this.dark ? "rgba(255,255,255,.15)" : "rgba(0,0,0,.1)";
    g.fill();
    g.strokeStyle = this.dark ? "#fff" : "#000";
    g.lineWidth = 1.5;
    g.stroke();
  }

  // ---- hover, pin

  describe(i) {
    const parts = [this.info[i] || `image ${i}`, this.nameOf(this.clusters[i])];
    for (const column of this.columns) {
      const value = column.values[i];
      if (column.kind === "number") parts.push(`${column.name} ${Number.isFinite(value) ? value.toFixed(2) : "unknown"}`);
      else if (value >= 0) parts.push(`${column.name} ${column.categories[value]}`);
    }
    return parts;
  }

  /** A canvas with image `i`, at its own size or, where that is tiny, a whole multiple of it. */
  picture(i, least, most = Infinity) {
    const longer = Math.max(...this.cell);
    const times = longer > most ? most / longer : Math.max(1, Math.ceil(least / longer));
    const [w, h] = [this.ownWidth(i), this.cell[1]].map((v) => Math.max(1, Math.round(v * times))), ratio = window.devicePixelRatio || 1;
    const canvas = element("canvas", { width: Math.round(w * ratio), height: Math.round(h * ratio), style: `width:${w}px;height:${h}px`, "data-image": i, role: "img", "aria-label": this.describe(i).join(", ") });
    const g = canvas.getContext("2d");
    g.imageSmoothingEnabled = times < 1;
    this.paintImage(g, i, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  setHover(i, again = false) {
    if (i === this.hover && !again) return;
    this.hover = i;
    this.canvas.style.cursor = this.lassoing ? "crosshair" : i >= 0 ? "pointer" : "grab";
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.tip.replaceChildren(this.picture(i, 84, Math.min(360, this.height / 2)), ...this.describe(i).map((line) => element("div", {}, line)));
    const [x, y] = this.at(i), { offsetWidth: w, offsetHeight: h } = this.tip;
    this.tip.style.left = `${Math.max(0, x + 16 + w > this.width ? x - w - 16 : x + 16)}px`;
    this.tip.style.top = `${Math.min(Math.max(0, y - h / 2), Math.max(0, this.height - h))}px`;
  }

  pin(i, tell = true) {
    this.pinned = i;
    if (i >= 0) {
      this.cursor = i;
      this.show(i);
      if (this.clusters && this.clusters[i] >= 0) this.cluster = this.clusters[i];
      if (!this.neighbours.has(i)) this.model.send({ type: "neighbours", index: i });
      this.say(this.describe(i).join(", "));
    }
    if (tell) this.model.set("pinned", i), this.model.save_changes();
    this.drawCard();
    if (this.categories) this.drawLegend();
    this.draw();
  }

  drawCard() {
    if (!this.clusters) return;
    if (this.pinned < 0) {
      this.card.replaceChildren(element("p", { class: "rt-map-hint" }, this.correct ? "Point at an image to see it. Click it to see why it lies there, and to move it. Looking for mistakes? Press Most doubtful. To select several, draw a lasso or shift-click." : "Point at an image to see it. Click it to see its nearest neighbours."));
    } else {
      const near = this.neighbours.get(this.pinned), parts = this.describe(this.pinned);
      const strip = near
        ? [...near].map((i) => element("button", { type: "button", "aria-label": `Neighbour: ${this.describe(i).join(", ")}`, title: this.describe(i).join("\n"), style: `border-color:${this.colourOf(i)}`, onclick: () => this.pin(i) }, this.picture(i, 36, 44)))
        : ["Neighbours come when the kernel is free."];
      const close = element("button", { type: "button", "aria-label": "Unpin", title: "Unpin", class: "rt-map-close", onclick: () => this.pin(-1) }, "×");
      this.card.replaceChildren(close, element("div", { class: "rt-map-pinned" }, this.picture(this.pinned, 84, 160), element("div", {}, ...parts.map((line) => element("div", {}, line)))),
        element("div", { class: "rt-map-hint" }, near ? `Nearest neighbours: ${this.whereAre(near)}` : ""), element("div", { class: "rt-map-strip" }, ...strip), ...this.moves(near || []));
    }
    this.drawBars();
  }

  /** In which clusters these images are, the most frequent first. */
  tally(images) {
    const counts = new Map();
    for (const i of images) counts.set(this.clusters[i], (counts.get(this.clusters[i]) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  whereAre(images) {
    const own = this.clusters[this.pinned], found = this.tally(images), same = found.find(([k]) => k === own)?.[1] || 0;
    const others = found.filter(([k]) => k !== own).map(([k, n]) => `${n} in ${this.nameOf(k)}`);
    return [`${same} of ${images.length} are in the same cluster`, ...others].join(", ") + ".";
  }

  /** What moves the pinned image alone: buttons for where it nearly belongs, and a list of all clusters. */
  moves(near) {
    const own = this.clusters[this.pinned], next = this.other[this.pinned], targets = [...new Set([...this.tally(near).map(([k]) => k), next])].filter((k) => k >= 0 && k !== own);
    if (!this.correct) return [];
    const move = (k) => this.act("move", [this.pinned], k);
    const choice = element("select", { "aria-label": "Move the pinned image to", onchange: () => choice.value && move(choice.value === "new" ? "new" : Number(choice.value)) }, ...this.options("Move it elsewhere ..."), element("option", { value: "new" }, "a new cluster"));
    return [next >= 0 ? element("div", { class: "rt-map-hint" }, `The next nearest cluster is ${this.nameOf(next)}.`) : "",
      element("div", { class: "rt-map-bar" }, ...targets.slice(0, 1).map((k) => element("button", { type: "button", onclick: () => move(k) }, `Move it to ${this.nameOf(k)}`, this.typicalOf(k))), choice)];
  }

  options(first) {
    return [element("option", { value: "" }, first), ...Object.keys(this.sizes).map((k) => element("option", { value: k }, this.nameOf(Number(k))))];
  }

  drawBars() {
    const n = this.selected.size;
    this.selectedText.textContent = n ? `${n.toLocaleString()} selected` : this.pinned >= 0 ? "The pinned image" : "Nothing selected";
    this.moveTo.disabled = this.asideButton.disabled = !n && this.pinned < 0;
    this.clearButton.disabled = !n;
    this.clusterText.textContent = this.cluster === null ? "" : this.nameOf(this.cluster);
    this.splitButton.disabled = this.mergeInto.disabled = this.cluster === null;
  }

  // ---- select and correct

  chosen() {
    return this.selected.size ? this.selected : new Set(this.pinned >= 0 ? [this.pinned] : []);
  }

  moveSelected() {
    const target = this.moveTo.value;
    this.moveTo.value = "";
    if (target !== "") this.act("move", [...this.chosen()], target === "new" ? "new" : Number(target));
  }

  mergeChosen() {
    const target = this.mergeInto.value;
    this.mergeInto.value = "";
    if (target !== "" && Number(target) !== this.cluster) this.act("merge", [Number(target), this.cluster]);
  }

  select(indices, words) {
    this.selected = new Set(indices);
    if (!this.listing) this.active = 0;
    const values = Int32Array.from(this.selected);
    this.model.set("_selection", new DataView(values.buffer));
    this.model.save_changes();
    this.say(words || `${this.selected.size.toLocaleString()} images are selected.`);
    this.drawRows(true);
    this.drawBars();
    this.draw();
  }

  takeSelection() {
    const value = this.model.get("_selection");
    this.selected = new Set(value && value.byteLength ? new Int32Array(buffer(value)) : []);
    this.drawRows(true);
    this.drawBars();
    this.draw();
  }

  pick(what) {
    this.send({ type: "pick", what, cluster: this.cluster });
  }

  /** The images in sight, those of one category together. */
  inView() {
    return [...(this.seen || [])].sort((a, b) => (this.categories ? this.categories[a] - this.categories[b] : this.numbers[b] - this.numbers[a]) || a - b);
  }

  setListing(on) {
    this.listing = on;
    this.listButton.setAttribute("aria-pressed", String(on));
    this.active = 0;
    this.drawRows(true);
    if (on) this.say(`Listed below the map: ${this.items.length.toLocaleString()} images. Zoom in, or hide clusters, for fewer.`);
  }

  setLasso(on) {
    this.lassoing = on;
    this.lassoButton.setAttribute("aria-pressed", String(on));
    this.canvas.style.cursor = on ? "crosshair" : "grab";
  }

  closeLasso(add) {
    const path = this.path.map(([x, y]) => this.mapPlace(x, y));
    this.path = null;
    if (path.length < 3) return this.draw();
    const xs = path.map((p) => p[0]), ys = path.map((p) => p[1]), found = add ? [...this.selected] : [];
    for (const i of this.inside(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys))) {
      const x = this.points[2 * i], y = this.points[2 * i + 1];
      let within = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
        const [u, v] = path[a], [s, t] = path[b];
        if (v > y !== t > y && x < ((s - u) * (y - v)) / (t - v) + u) within = !within;
      }
      if (within) found.push(i);
    }
    this.select(found);
  }

  // ---- the selected images, at reading size

  drawRows(anew = false) {
    if (!this.cell || !this.clusters) return;
    const items = (this.items = this.listing ? this.inView() : [...this.selected]), longer = Math.max(...this.cell), size = Math.min(96, Math.max(56, longer));
    const scale = size / longer, pitch = Math.ceil(Math.max(this.cell[0] * scale, 56)) + 8, height = Math.ceil(this.cell[1] * scale) + 8;
    this.grid.hidden = !items.length; // first: what is hidden has no width
    const columns = Math.max(1, Math.floor((this.grid.clientWidth - 4) / pitch)), top = this.grid.scrollTop;
    this.grid.classList.toggle("rt-map-listing", !!this.listing);
    this.grid.setAttribute("aria-label", this.listing ? `Images on the map: ${items.length.toLocaleString()}` : "Selected images");
    if (this.active >= items.length) this.active = 0;
    this.gridColumns = columns;
    this.rowHeight = height;
    this.rows.style.height = `${Math.ceil(items.length / columns) * height}px`;
    const first = Math.max(0, Math.floor(top / height) - 1) * columns, last = Math.min(items.length, (Math.ceil((top + 320) / height) + 1) * columns);
    if (!anew && this.drawn && this.drawn[0] === first && this.drawn[1] === last) return;
    this.drawn = [first, last];
    this.rows.replaceChildren(...items.slice(first, last).map((i, j) => {
      const place = first + j;
      return element("div", { role: "option", id: `${this.gridId()}-${place}`, "aria-selected": String(this.selected.has(i)), "aria-label": this.describe(i).join(", "), class: "rt-map-cell" + (place === this.active ? " rt-map-active" : ""), title: this.describe(i).join("\n"),
        style: `left:${(place % columns) * pitch}px;top:${Math.floor(place / columns) * height}px;border-color:${this.colourOf(i)}`, onclick: () => { this.active = place; this.pin(i); this.drawRows(true); } }, this.picture(i, size, size));
    }));
    this.grid.setAttribute("aria-activedescendant", items.length ? `${this.gridId()}-${this.active || 0}` : "");
  }

  gridId() {
    return (this.id ||= `rt-map-${Math.random().toString(36).slice(2)}`);
  }

  gridKey(event) {
    const items = this.items || [], steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.gridColumns, ArrowUp: -this.gridColumns };
    if (event.key in steps) this.active = Math.min(items.length - 1, Math.max(0, (this.active || 0) + steps[event.key]));
    else if (event.key === "Enter") this.pin(items[this.active || 0]);
    else if (event.key === " " || event.key === "Delete") return event.preventDefault(), event.stopPropagation(), this.toggleSelected(items[this.active || 0]);
    else if (event.key === "Escape") this.canvas.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
    const above = Math.floor((this.active || 0) / this.gridColumns) * this.rowHeight, below = above + this.rowHeight - this.grid.clientHeight;
    this.grid.scrollTop = Math.min(above, Math.max(below, this.grid.scrollTop));
    this.drawRows(true);
    this.say(this.describe(items[this.active || 0]).join(", "));
  }

  // ---- mouse, touch, keyboard

  pointerDown(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
    if (this.lassoing && this.pointers.size === 1) this.path = [[event.offsetX, event.offsetY]];
  }

  pointerMove(event) {
    const before = this.pointers.get(event.pointerId), now = [event.offsetX, event.offsetY];
    if (!before) return this.points && this.clusters && this.setHover(this.nearest(...now));
    this.moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const length = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      this.zoom(length(now, other) / length(before, other), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else if (this.path) {
      this.path.push(now);
    } else if (this.moved > 3) {
      this.view.x += now[0] - before[0];
      this.view.y += now[1] - before[1];
      this.setHover(-1);
    }
    this.pointers.set(event.pointerId, now);
    this.draw();
  }

  pointerUp(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.path && this.moved > 3) return this.closeLasso(event.shiftKey);
    this.path = null;
    if (this.moved > 3 || !this.clusters) return;
    const i = this.nearest(event.offsetX, event.offsetY);
    if (i < 0) return;
    if (event.shiftKey) this.toggleSelected(i);
    else this.pin(i);
  }

  toggleSelected(i) {
    const now = new Set(this.selected);
    now.has(i) ? now.delete(i) : now.add(i);
    this.select(now);
  }

  key(event) {
    if (!this.clusters || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    if (event.key in arrows) {
      const next = this.cursor < 0 ? this.priority.find((i) => this.isVisible(i)) : this.towards(this.cursor, ...arrows[event.key]);
      if (next >= 0) {
        this.cursor = next;
        this.show(next);
        this.setHover(next);
        this.say(this.describe(next).join(", "));
        this.draw();
      }
    } else if (event.key === "Enter") this.cursor >= 0 && this.pin(this.cursor);
    else if (event.key === " ") this.cursor >= 0 && this.toggleSelected(this.cursor);
    else if (event.key === "+" || event.key === "=") this.zoomAtCursor(1.5);
    else if (event.key === "-") this.zoomAtCursor(1 / 1.5);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") {
      this.setHover(-1);
      if (this.selected.size) this.select([]);
      else if (this.pinned >= 0) this.pin(-1);
      else this.canvas.blur();
    } else if (event.key.length === 1 && /\p{L}/u.test(event.key) && this.cursor >= 0 && this.correct) this.beginName(this.clusters[this.cursor], event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  zoomAtCursor(factor) {
    this.zoom(factor, ...(this.cursor >= 0 ? this.at(this.cursor) : [this.width / 2, this.height / 2]));
  }

  beginName(cluster, letter) {
    if (this.colour !== "cluster") this.colours.value = "cluster", this.colourBy("cluster");
    const field = this.legend.querySelector(`input[data-cluster="${cluster}"]`);
    if (!field) return;
    field.value = letter;
    field.focus();
  }
}

export default {
  render({ model, el }) {
    const view = new MapView(model, el);
    return () => view.close();
  },
};

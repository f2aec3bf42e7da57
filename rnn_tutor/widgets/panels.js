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
 * the cell), unless that element carries this attribute. */
function keys({ el, signal }) {
  const keep = ({ target }) => target.matches(":read-write") || target.setAttribute("data-lm-suppress-shortcuts", "true");
  inPanel(el, signal, (panel) => panel.addEventListener("focusin", keep, { signal }));
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
      act(action, texts[action] ? texts[action]() : ["shot", "class"].includes(action) ? place : 1);
    };
    panel.addEventListener("keydown", onKey, { signal, capture: true }); // before the widgets, which stop some
    panel.addEventListener("click", onClick, { signal, capture: true });
    panel.tabIndex = -1;
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", "Name pictures");
  });
}

const PARTS = { keys, labelling };

export default {
  render({ model, el }) {
    const abort = new AbortController();
    PARTS[model.get("part")]({ model, el, signal: abort.signal });
    return () => abort.abort();
  },
};

// Arrow keys, space and page keys go on and back; T shows and hides the prose.
const slides = [...document.querySelectorAll(".slide")];
const fragments = slides.map((s) => [...s.querySelectorAll(".fragment, details")]);
let at = Math.min(slides.length, Math.max(1, parseInt(location.hash.slice(1)) || 1)) - 1;

function isShown(part) { return part.tagName === "DETAILS" ? part.open : part.classList.contains("shown"); }
function set(part, shown) {
  if (part.tagName === "DETAILS") part.open = shown;
  else part.classList.toggle("shown", shown);
}
function say(where) {
  at = where;
  document.getElementById("place").textContent = `${at + 1} of ${slides.length}`;
  history.replaceState(null, "", `#${at + 1}`);
}
function go(to) {
  say(Math.min(slides.length - 1, Math.max(0, to)));
  slides[at].scrollIntoView({ behavior: "instant" });
  slides[at].focus({ preventScroll: true });
}
function on() {
  const next = fragments[at].find((part) => !isShown(part));
  if (next && next.getBoundingClientRect().top < innerHeight) {
    set(next, true);
    next.scrollIntoView({ block: "nearest" });
  } else if (slides[at].getBoundingClientRect().bottom > innerHeight + 2) scrollBy(0, innerHeight * 0.8);
  else go(at + 1);
}
function back() {
  const last = fragments[at].findLast(isShown);
  const top = slides[at].getBoundingClientRect().top;
  if (last && last.getBoundingClientRect().bottom > 0) set(last, false);
  else if (top < -2) scrollBy(0, Math.max(top, -innerHeight * 0.8));
  else go(at - 1);
}
function text() { document.body.classList.toggle("short"); go(at); }

const KEYS = {
  ArrowRight: on, ArrowDown: on, PageDown: on, " ": on, ArrowLeft: back, ArrowUp: back,
  PageUp: back, t: text, T: text, Home: () => go(0), End: () => go(slides.length - 1),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  if (event.target.closest("button, summary") && event.key === " ") return;
  event.preventDefault();
  KEYS[event.key]();
});
document.getElementById("on").onclick = on;
document.getElementById("back").onclick = back;
document.getElementById("text").onclick = text;
// A handout on paper shows everything.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
// Whoever scrolls with the mouse is on the slide that fills the middle of the window.
const watch = new IntersectionObserver((seen) => {
  const middle = seen.find((one) => one.isIntersecting);
  if (middle) say(slides.indexOf(middle.target));
}, { rootMargin: "-50% 0px -50% 0px" });
go(at);
slides.forEach((slide) => watch.observe(slide));

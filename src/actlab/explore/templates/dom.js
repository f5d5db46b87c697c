// Elements, words for numbers, and the look that drawings share.
const Dom = (() => {
  const byId = (id) => document.getElementById(id);

  // make("button", {class: "x", "aria-pressed": "true", onclick: f}, "text", child, ...)
  function make(tag, given = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function number(x, digits = 5) {
    if (x !== x) return "–";
    if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
    if (x === 0) return "0";
    const size = Math.abs(x);
    const text = size >= 1e6 || size < 1e-4 ? x.toExponential(digits - 2) : String(Number(x.toPrecision(digits)));
    return text.replace("e+", "e").replaceAll("-", "−");
  }

  // What is nothing beside the scale it comes from is rounding.
  const cleaned = (x, scale) => (Math.abs(x) < 1e-13 * scale ? 0 : x);

  const power = (log) => {
    const box = make("span", {}, "10");
    box.append(make("sup", {}, number(log, 3)));
    return box;
  };

  const plain = (x) => String(Number(x.toPrecision(6)));

  function percent(x) {
    if (x < 1e-12) return "0";
    return `${number(100 * x, 4)} %`;
  }

  function label({ entry, values }) {
    const given = entry.params.map((param, k) => `${param.name}=${plain(values[k])}`);
    const changed = given.filter((_, k) => values[k] !== entry.params[k].default || entry.params.length < 3);
    return changed.length ? `${entry.name}(${changed.join(", ")})` : entry.name;
  }

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const COLOURS = 8;
  let palette = null;

  function look() {
    palette ??= {
      ink: css("--ink"), faint: css("--faint"), grid: css("--grid"), axis: css("--axis"),
      card: css("--card"), accent: css("--accent"),
      series: Array.from({ length: COLOURS }, (_, k) => css(`--series-${k}`)),
    };
    return palette;
  }

  const colour = (place) => look().series[place % COLOURS];
  const forget = () => { palette = null; };

  function say(text) {
    byId("said").textContent = text;
  }

  // The clipboard of the browser where it may be used, else that of a selected text field.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = make("textarea", { class: "offscreen", "aria-hidden": "true" });
      field.value = text;
      const before = document.activeElement;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      before?.focus?.();
      return done;
    }
  }

  // A button that copies, and says so where the eye is.
  function copyButton(words, text, given = {}) {
    const button = make("button", { type: "button", class: "quiet", ...given }, words);
    let timer = 0;
    button.addEventListener("click", async () => {
      const done = await copy(text());
      button.textContent = done ? "Copied" : "Not copied";
      button.classList.toggle("done", done);
      say(done ? "Copied to the clipboard" : "The browser does not allow copying");
      clearTimeout(timer);
      timer = setTimeout(() => {
        button.textContent = words;
        button.classList.remove("done");
      }, 1600);
    });
    return button;
  }

  // Buttons of which one is pressed.
  function choice(box, options, chosen, choose) {
    box.replaceChildren(...options.map(([key, words]) => make("button", {
      type: "button", "aria-pressed": String(key === chosen), "data-key": key,
      onclick: () => choose(key),
    }, words)));
  }

  function press(box, chosen) {
    for (const button of box.children) button.setAttribute("aria-pressed", String(button.dataset.key === chosen));
  }

  return { byId, make, number, cleaned, power, plain, percent, label, look, colour, forget, say, copyButton, choice, press };
})();

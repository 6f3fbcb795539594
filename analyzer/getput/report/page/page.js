"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const items = [...document.querySelectorAll(".f")];
  const form = document.getElementById("filters");
  const tally = document.getElementById("tally");
  const none = document.getElementById("none");
  const all = document.getElementById("all");
  const box = (item) => item.firstElementChild;
  const head = (item) => box(item).firstElementChild;

  // The body of a large page's finding is text until it is opened: it costs nothing before.
  const fill = (item) => {
    const waiting = item.querySelector(":scope > details > .body > noscript");
    if (waiting) waiting.parentElement.innerHTML = waiting.textContent;
  };
  const open = (item) => {
    fill(item);
    box(item).open = true;
  };
  for (const item of items) box(item).addEventListener("toggle", () => box(item).open && fill(item));

  // --- filters ---
  const texts = items.map((item) => head(item).textContent.toLowerCase());
  const selects = form ? [...form.querySelectorAll("select")] : [];
  const labels = new Map();
  for (const option of form ? form.querySelectorAll("option[value]:not([value=''])") : []) {
    labels.set(option, option.value);
  }
  const passes = (item, at, wanted, but) =>
    selects.every((one) => one === but || !one.value || item.dataset[one.name] === one.value) &&
    wanted.every((word) => texts[at].includes(word));
  const listed = () => items.filter((item) => !item.hidden);

  const filter = () => {
    const wanted = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    items.forEach((item, at) => {
      item.hidden = !passes(item, at, wanted, null);
      shown += !item.hidden;
    });
    for (const one of selects) {
      const counts = new Map();
      items.forEach((item, at) => {
        if (passes(item, at, wanted, one)) {
          const value = item.dataset[one.name];
          counts.set(value, (counts.get(value) || 0) + 1);
        }
      });
      for (const option of one.options) {
        if (option.value) option.textContent = `${labels.get(option)} (${counts.get(option.value) || 0})`;
      }
      one.classList.toggle("set", one.value !== "");
    }
    tally.textContent = `${shown} of ${items.length}`;
    none.hidden = shown > 0;
    document.getElementById("clear").disabled = !wanted.length && selects.every((one) => !one.value);
    label();
  };
  const label = () => {
    if (all) all.textContent = listed().length && listed().every((item) => box(item).open) ? "Close all" : "Open all";
  };
  const toggleAll = () => {
    const shown = listed();
    const closing = shown.every((item) => box(item).open);
    const some = () => {
      // a few at a time: hundreds at once would freeze the page
      for (const item of shown.splice(0, 20)) closing ? (box(item).open = false) : open(item);
      if (shown.length) requestAnimationFrame(some);
      else label();
    };
    some();
  };
  if (form) {
    form.addEventListener("input", filter);
    form.addEventListener("change", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    all.addEventListener("click", toggleAll);
    filter(); // a browser may have kept what was chosen before a reload
  }

  // --- keys ---
  const step = (by) => {
    const shown = listed();
    const now = shown.findIndex((item) => item.contains(document.activeElement));
    let next = now + by;
    if (now < 0) {
      // nobody has the focus: go on from what is in sight
      const below = shown.findIndex((item) => item.getBoundingClientRect().bottom > 90);
      next = below < 0 ? shown.length - 1 : by > 0 ? below : below - 1;
    }
    const item = shown[Math.max(0, Math.min(shown.length - 1, next))];
    if (!item) return;
    head(item).focus({ preventScroll: true });
    item.scrollIntoView({ block: box(item).open ? "start" : "nearest" });
  };
  const keys = document.getElementById("keys");
  const help = () => {
    const text = document.getElementById("help");
    text.hidden = !text.hidden;
    keys.setAttribute("aria-expanded", String(!text.hidden));
    if (!text.hidden) text.scrollIntoView({ block: "nearest" });
  };
  keys.addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "Escape" && form) {
      if (typing) event.target.blur();
      else form.reset();
      return;
    }
    if (typing || event.target.matches("input")) return;
    const inList = event.target.matches(".f > details > summary");
    const actions = {
      j: () => step(1),
      k: () => step(-1),
      e: toggleAll,
      "?": help,
      "/": () => form && form.elements.text.focus(),
    };
    if (inList) Object.assign(actions, { ArrowDown: actions.j, ArrowUp: actions.k });
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // --- places ---
  const follow = () => {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!at) return;
    if (at.matches(".f")) {
      open(at);
      head(at).focus({ preventScroll: true });
    } else {
      const outer = at.closest("details");
      if (outer) outer.open = true;
    }
    at.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  if (location.hash) follow();

  // --- copying ---
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const from = button.parentElement.querySelector(button.dataset.copy);
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(from.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(from);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = said), 1500);
  });

  // --- light and dark ---
  const theme = document.getElementById("theme");
  const themes = ["auto", "light", "dark"];
  const wear = (name) => {
    if (name === "auto") delete root.dataset.theme;
    else root.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
  };
  let worn = "auto";
  try {
    worn = themes.find((name) => name === localStorage.getItem("getput-theme")) || "auto";
  } catch {
    /* a page from a file may have no storage */
  }
  wear(worn);
  theme.addEventListener("click", () => {
    worn = themes[(themes.indexOf(worn) + 1) % themes.length];
    wear(worn);
    try {
      localStorage.setItem("getput-theme", worn);
    } catch {
      /* then it lasts as long as the page */
    }
  });
})();

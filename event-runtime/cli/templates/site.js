// Search, theme, menu, copy buttons and the map. No request leaves the page.
(() => {
  "use strict";
  const root = document.body.dataset.root || "";
  const input = document.getElementById("search");
  const results = document.getElementById("results");
  const entries = (window.CATALOGUE || []).map((entry) => ({
    ...entry,
    key: entry.name.toLowerCase(),
    text: `${entry.name} ${entry.kind} ${entry.about} ${entry.fields.join(" ")} ${entry.words}`.toLowerCase(),
  }));
  let selected = -1;

  const score = (entry, words) => {
    let total = 0;
    for (const word of words) {
      if (!entry.text.includes(word)) return 0;
      total += entry.key === word ? 8 : entry.key.startsWith(word) ? 5 : entry.key.includes(word) ? 3 : 1;
    }
    return total;
  };

  const close = () => {
    results.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    selected = -1;
  };

  const mark = (index) => {
    const items = [...results.querySelectorAll("[role=option]")];
    if (!items.length) return;
    selected = (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === selected)));
    items[selected].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", items[selected].id);
  };

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };

  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return close();
    const found = entries
      .map((entry) => [score(entry, words), entry])
      .filter(([points]) => points > 0)
      .sort((a, b) => b[0] - a[0] || a[1].name.localeCompare(b[1].name))
      .slice(0, 20);
    results.replaceChildren(
      ...found.map(([, entry], index) => {
        const item = document.createElement("li");
        item.id = `result-${index}`;
        item.setAttribute("role", "option");
        const link = document.createElement("a");
        link.href = root + entry.url;
        link.tabIndex = -1;
        link.append(element("strong", entry.name), element("small", `${entry.kind} · ${entry.about}`));
        const fields = entry.fields.filter((field) => words.some((word) => field.toLowerCase().includes(word)));
        if (fields.length) link.append(element("code", fields.slice(0, 3).join("  ") + (fields.length > 3 ? " …" : "")));
        item.append(link);
        return item;
      }),
    );
    if (!found.length) {
      const none = element("li", "Nothing found");
      none.className = "none";
      results.append(none);
    }
    results.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(0);
  };

  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(selected + 1);
    else if (event.key === "ArrowUp") mark(selected - 1);
    else if (event.key === "Enter") results.querySelector("[aria-selected=true] a")?.click();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  // A search may be linked to: index.html?q=amount
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    input.value = asked;
    search();
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".search")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest?.("input, textarea")) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });

  // A page that was opened as a file may have no storage; the theme then lasts for the page.
  const stored = (act) => {
    try {
      return act(window.localStorage);
    } catch {
      return null;
    }
  };
  const html = document.documentElement;
  const theme = stored((storage) => storage.getItem("theme"));
  if (theme) html.dataset.theme = theme;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = html.dataset.theme ? html.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    html.dataset.theme = dark ? "light" : "dark";
    stored((storage) => storage.setItem("theme", html.dataset.theme));
  });

  const menu = document.getElementById("menu");
  menu.addEventListener("click", () => {
    const open = document.getElementById("packs").classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
  });

  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }

  // Follows the flows through a box in both directions.
  for (const map of document.querySelectorAll(".map")) {
    const flows = [...map.querySelectorAll(".flow")];
    const reach = (start, from, to) => {
      const seen = new Set([start]);
      for (const node of seen) {
        for (const flow of flows) if (flow.dataset[from] === node) seen.add(flow.dataset[to]);
      }
      return seen;
    };
    const show = (node) => {
      const [after, before] = [reach(node, "from", "to"), reach(node, "to", "from")];
      for (const flow of flows) {
        const on = (after.has(flow.dataset.from) && after.has(flow.dataset.to)) || (before.has(flow.dataset.from) && before.has(flow.dataset.to));
        flow.classList.toggle("on", on);
      }
      for (const box of map.querySelectorAll(".node")) box.classList.toggle("on", after.has(box.dataset.node) || before.has(box.dataset.node));
      map.classList.add("focus");
      tell(node, flows.filter((flow) => flow.dataset.from === node || flow.dataset.to === node));
    };
    const hide = () => map.classList.remove("focus");
    // Which events pass through a box, with links to them; they stay until another box is looked at.
    const list = document.getElementById("flow-events");
    const tell = (node, passing) => {
      if (!list) return;
      const events = [...new Set(passing.flatMap((flow) => flow.dataset.events.split(" ")))].sort();
      list.replaceChildren(element("strong", node.slice(node.indexOf(":") + 1)), ` ${events.length} events: `);
      events.forEach((name, index) => {
        const known = entries.find((entry) => entry.name === name);
        const link = element(known ? "a" : "span", name);
        if (known) link.href = root + known.url;
        list.append(index ? ", " : "", link);
      });
    };
    for (const box of map.querySelectorAll(".node")) {
      box.addEventListener("mouseenter", () => show(box.dataset.node));
      box.addEventListener("focus", () => show(box.dataset.node));
      box.addEventListener("mouseleave", hide);
      box.addEventListener("blur", hide);
    }
  }
})();

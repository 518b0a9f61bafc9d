(() => {
  "use strict";
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 699px)");
  const contents = document.querySelector(".contents details");
  if (window.matchMedia("(max-width: 1099px)").matches) contents.removeAttribute("open");

  const boxes = Array.from(document.querySelectorAll("[data-figure]"));
  if (!("DecompressionStream" in window) || !("IntersectionObserver" in window)) {
    root.classList.add("figures-off");
    return;
  }
  root.classList.add("figures-on");

  async function inflated(id) {
    const packed = atob(document.getElementById(id).textContent);
    const bytes = Uint8Array.from(packed, (char) => char.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }
  let library = null;
  const loadPlotly = () => {
    library = library || unpack();
    return library;
  };
  async function unpack() {
    const script = document.createElement("script");
    script.textContent = await inflated("plotly-gzip");
    document.head.append(script);
    return window.Plotly;
  }
  const specs = inflated("figures-gzip").then((text) => new Map(Object.entries(JSON.parse(text))));
  const specOf = async (box) => (await specs).get(box.dataset.figure);

  const inkOfTheme = () => getComputedStyle(root).getPropertyValue("--figure-ink").trim();
  function adaptToPhone(layout, changes) {
    layout.font.size = 12;
    for (const [key, value] of Object.entries(changes)) {
      layout[key] = typeof value === "object" ? Object.assign({}, layout[key], value) : value;
    }
  }
  const drawn = new Set();
  async function draw(box) {
    if (drawn.has(box)) return;
    drawn.add(box);
    try {
      const [Plotly, spec] = await Promise.all([loadPlotly(), specOf(box)]);
      const { data, layout } = spec;
      layout.font.color = inkOfTheme();
      if (narrow.matches) adaptToPhone(layout, spec.narrow);
      await Plotly.newPlot(box, data, layout, { displayModeBar: false, responsive: true });
      box.dataset.drawn = "";
      if (spec.thumbnails) showThumbnails(box, spec.thumbnails);
    } catch (error) {
      root.classList.replace("figures-on", "figures-off");
      throw error;
    }
  }

  // A point of a map shows its picture: a part of one image that is in the page already.
  function showThumbnails(box, tiles) {
    const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
    const card = document.createElement("div");
    const picture = svg("svg");
    const part = svg("use");
    const name = document.createElement("span");
    card.className = "thumbnail";
    card.hidden = true;
    part.setAttribute("href", `#${tiles.sheet}`);
    picture.setAttribute("aria-hidden", "true");
    picture.append(part);
    card.append(picture, name);
    box.append(card);
    const show = ({ points, event }) => {
      const point = points[0];
      const tile = point.customdata;
      const [x, y] = [(tile % tiles.columns) * tiles.width, Math.floor(tile / tiles.columns) * tiles.height];
      picture.setAttribute("viewBox", `${x} ${y} ${tiles.width} ${tiles.height}`);
      name.textContent = `${tiles.names[tile]}, ${point.data.name}`;
      card.hidden = false;
      const beside = event.clientX + 16 + card.offsetWidth < root.clientWidth ? 16 : -16 - card.offsetWidth;
      const above = Math.max(4, Math.min(event.clientY - card.offsetHeight / 2, window.innerHeight - card.offsetHeight - 4));
      card.style.left = `${event.clientX + beside}px`;
      card.style.top = `${above}px`;
    };
    const hide = () => { card.hidden = true; };
    box.on("plotly_hover", show);
    box.on("plotly_click", show);
    box.on("plotly_unhover", hide);
    window.addEventListener("scroll", hide, { passive: true });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  }

  const nearView = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      nearView.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "500px" });
  boxes.forEach((box) => nearView.observe(box));

  async function showView(box, place) {
    const spec = await specOf(box);
    const views = Object.values(spec.views || {});
    if (place >= views.length) return;
    const inSomeView = new Set(views.flat());
    spec.data.forEach((trace, index) => {
      trace.visible = !inSomeView.has(index) || views[place].includes(index);
    });
    if ("drawn" in box.dataset) {
      window.Plotly.restyle(box, { visible: spec.data.map((trace) => trace.visible) });
    }
  }
  for (const select of document.querySelectorAll("select[data-views]")) {
    const inSection = boxes.filter((box) => select.closest("section").contains(box));
    select.addEventListener("change", () => inSection.forEach((box) => showView(box, select.selectedIndex)));
  }

  function recolour(ink) {
    for (const box of drawn) {
      if ("drawn" in box.dataset) window.Plotly.relayout(box, { "font.color": ink });
    }
  }
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => recolour(inkOfTheme()));
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details.folded").forEach((fold) => fold.setAttribute("open", ""));
    boxes.forEach(draw);
    recolour("#222222");
  });
  window.addEventListener("afterprint", () => recolour(inkOfTheme()));

  const links = new Map(Array.from(contents.querySelectorAll("a"), (link) => [link.hash.slice(1), link]));
  const inView = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link, id) => {
        if (id === entry.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  document.querySelectorAll("main > section").forEach((section) => inView.observe(section));
})();

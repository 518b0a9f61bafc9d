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

  let library = null;
  const loadPlotly = () => {
    library = library || unpack();
    return library;
  };
  async function unpack() {
    const packed = atob(document.getElementById("plotly-gzip").textContent);
    const bytes = Uint8Array.from(packed, (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    return window.Plotly;
  }

  const specs = new Map();
  for (const box of boxes) {
    specs.set(box, JSON.parse(document.getElementById(box.dataset.figure).textContent));
  }

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
      const Plotly = await loadPlotly();
      const { data, layout } = specs.get(box);
      layout.font.color = inkOfTheme();
      if (narrow.matches) adaptToPhone(layout, specs.get(box).narrow);
      await Plotly.newPlot(box, data, layout, { displayModeBar: false, responsive: true });
      box.dataset.drawn = "";
    } catch (error) {
      root.classList.replace("figures-on", "figures-off");
      throw error;
    }
  }

  const nearView = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      nearView.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "500px" });
  boxes.forEach((box) => nearView.observe(box));

  function showView(box, place) {
    const spec = specs.get(box);
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

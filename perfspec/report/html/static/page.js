// Brings the page to life: tables, the charts of each test, another colour scheme, print.

const sections = [];

// The charts of one test: those of a chosen subject, and those of the test as a whole.
class Section {
  constructor(element, test) {
    this.element = element;
    this.test = test;
    this.charts = [];
    this.reset = element.querySelector(".reset");
    this.select = element.querySelector("select");
    this.select.append(...test.subjects.map((each) => new Option(each.name)));
    this.select.addEventListener("change", () => this.draw());
    this.reset.addEventListener("click", () => this.whole());
    element.hidden = false;
    new ResizeObserver(() => this.resize()).observe(element);
  }

  show(subject) {
    this.select.value = subject;
    this.draw();
    this.element.scrollIntoView();
    this.select.focus({ preventScroll: true });
  }

  draw() {
    for (const each of this.charts) each.destroy();
    this.charts = [];
    const { test } = this;
    const subject = test.subjects[this.select.selectedIndex];
    const time = test.runs ? trendCharts(test, subject) : timeCharts(test, subject);
    const spread = subject.distribution
      ? [histogramChart(subject.distribution), percentileChart(subject.distribution)] : [];
    this.fill(this.element.querySelector(".time"), time);
    this.fill(this.element.querySelector(".spread"), spread);
    if (test.ladder?.length) {
      this.fill(this.element.closest("article").querySelector(".ladder"), test.ladder.map((each) => ladderChart(test.levels, each)));
    }
    this.reset.hidden = true;
  }

  fill(place, drawings) {
    place.replaceChildren();
    for (const each of drawings) {
      const plot = figure(place, each);
      const zoomed = (u, scale) => scale === "x" && this.zoomed(u);
      const hooks = { ...each.options.hooks, setScale: [zoomed] };
      const chart = new uPlot({ ...each.options, hooks, width: Math.max(plot.clientWidth, 200) }, each.data, plot);
      plot.addEventListener("keydown", (event) => this.key(event, chart));
      this.charts.push(chart);
    }
  }

  zoomed(u) {
    const { min, max } = u.scales.x;
    if (u.cursor.sync.key === this.test.test) this.reset.hidden = min <= u.data[0][0] && max >= u.data[0].at(-1);
  }

  whole() {
    for (const each of this.charts) each.setScale("x", { min: each.data[0][0], max: each.data[0].at(-1) });
  }

  key(event, chart) {
    const [times] = chart.data;
    const last = times.length - 1;
    const at = chart.cursor.idx ?? -1;
    const target = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (target !== undefined) {
      chart.setCursor({ left: chart.valToPos(times[target], "x"), top: 20 }, true, true);
      event.preventDefault();
    } else if (event.key === "Escape") {
      this.whole();
    }
  }

  resize(width) {
    for (const each of this.charts) {
      each.setSize({ width: width ?? Math.max(each.root.parentElement.clientWidth, 200), height: each.height });
    }
  }
}

function timeCharts(test, subject) {
  const found = [...subject.charts, ...test.charts].map((each) => timeChart(test, each, test.test));
  if (subject.heat) found.splice(1, 0, heatChart(test, subject.heat, test.test));
  return found;
}

// Where a chart goes, with what it says for those who do not see it.
function figure(place, { title, said }) {
  const box = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const words = document.createElement("span");
  const plot = document.createElement("div");
  caption.textContent = title;
  words.className = "unseen";
  words.textContent = `: ${said}`;
  caption.append(words);
  Object.assign(plot, { tabIndex: 0, role: "group", ariaLabel: title });
  box.append(caption, plot);
  place.append(box);
  return plot;
}

// An endpoint's name in a table leads to its charts.
function link(name) {
  const section = sections.find((each) => name.closest("article").contains(each.element)) ?? sections[0];
  if (!section) return;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", title: "Show its charts" });
  button.append(...name.childNodes);
  name.append(button);
  button.addEventListener("click", () => section.show(name.dataset.subject));
}

const redraw = () => sections.forEach((section) => section.charts.forEach((each) => each.redraw()));

function start() {
  const tests = JSON.parse(document.getElementById("data").textContent);
  for (const each of document.querySelectorAll("[data-charts]")) {
    sections.push(new Section(each, tests[Number(each.dataset.charts)]));
  }
  // The first test is drawn at once, the others when the page is there.
  sections.forEach((each, at) => (at ? setTimeout(() => each.draw()) : each.draw()));
  document.querySelectorAll(".scroll table").forEach(sortable);
  document.querySelectorAll(".filter").forEach(filterable);
  document.querySelectorAll("[data-subject]").forEach(link);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => {
    document.documentElement.style.colorScheme = "light";
    sections.forEach((each) => each.resize(640));
    redraw();
  });
  addEventListener("afterprint", () => {
    document.documentElement.style.colorScheme = "";
    sections.forEach((each) => each.resize());
    redraw();
  });
}

start();

// Lines over the time axis of one test: stages shaded, judged seconds marked, one cursor for all.

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
const middles = (edges) => edges.slice(1).map((end, at) => (edges[at] + end) / 2);
const spanAt = (edges, at) => `${duration(edges[at])} to ${duration(edges[at + 1])}`;

const axis = (values, more = {}) => ({
  stroke: () => colour("quiet"),
  grid: { stroke: () => colour("grid"), width: 1 },
  ticks: { show: false },
  font: "12px system-ui, sans-serif",
  values: (u, splits) => splits.map((each) => (each == null ? "" : values(each))),
  ...more,
});

// Where a logarithmic axis is marked: 1, 2 and 5 of every power of ten, or only the powers.
function decades(u, at, low, high) {
  const digits = high / low > 2000 ? [1] : [1, 2, 5];
  const marks = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    marks.push(...digits.map((digit) => digit * power).filter((mark) => mark >= low && mark <= high));
  }
  return marks;
}

// Options that every chart over time shares: `test` has bands and judged spans, `edges` its columns.
function overTime(test, edges, key) {
  const ends = [test.edges[0], test.edges.at(-1)];
  return {
    height: 170,
    width: 600,
    padding: [10, 26, 0, 0],
    cursor: {
      sync: { key, scales: ["x", null] },
      drag: { x: true, y: false, dist: 4 },
      y: false,
      points: { size: 7 },
    },
    scales: { x: { time: false, range: (u, low, high) => (low === u.data[0][0] && high === u.data[0].at(-1) ? ends : [low, high]) } },
    x: axis(duration, { incrs: STEPS, space: 70, size: 30 }),
    xSeries: { label: "time", value: (u, value, series, at) => (at == null ? "–" : spanAt(edges, at)) },
    shade: (u) => shade(u, test),
    few: edges.length < 40,
  };
}

function shade(u, test) {
  const { left, top, width, height } = u.bbox;
  const box = (from, to, y, tall) => {
    const start = Math.max(u.valToPos(from, "x", true), left);
    const end = Math.min(u.valToPos(to, "x", true), left + width);
    if (end > start) u.ctx.fillRect(start, y, end - start, tall);
  };
  u.ctx.save();
  for (const band of test.bands) {
    u.ctx.fillStyle = colour(band.kind);
    box(band.start_s, band.end_s, top, height);
  }
  u.ctx.fillStyle = colour("accent");
  for (const [from, to] of test.judged) box(from, to, top, 3 * devicePixelRatio);
  u.ctx.restore();
}

function boundsOf(u, chart) {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = u.ctx.fillStyle = colour("bad");
  u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  u.ctx.textAlign = "left";
  u.ctx.lineWidth = 1.25 * devicePixelRatio;
  u.ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const { name, value } of chart.bounds) {
    const y = u.valToPos(value, "y", true);
    if (y < top || y > top + height) continue;
    u.ctx.beginPath();
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + width, y);
    u.ctx.stroke();
    u.ctx.fillText(`${name} ${UNITS[chart.unit](value)}`, left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  u.ctx.restore();
}

// How long something took: shaded, with a bar above the axis.
function stretchesOf(u, chart) {
  const { left, top, width, height } = u.bbox;
  const pixel = devicePixelRatio;
  u.ctx.save();
  u.ctx.fillStyle = colour("open");
  u.ctx.font = `${11 * pixel}px system-ui, sans-serif`;
  u.ctx.textAlign = "left";
  for (const { start_s, end_s, label } of chart.stretches) {
    const from = Math.max(u.valToPos(start_s, "x", true), left);
    const to = Math.min(u.valToPos(end_s, "x", true), left + width);
    if (to < from) continue;
    u.ctx.globalAlpha = 0.12;
    u.ctx.fillRect(from, top, to - from, height);
    u.ctx.globalAlpha = 1;
    u.ctx.fillRect(from, top + height - 4 * pixel, to - from, 4 * pixel);
    u.ctx.fillText(label, from + 5 * pixel, top + 14 * pixel);
  }
  u.ctx.restore();
}

// Charts go from a little below zero, so that a line at zero is seen whole, to the highest value; a limit far above what was measured is not worth flattening it.
function heightOf(chart) {
  const highest = Math.max(0, ...chart.lines.map((line) => Math.max(...line.values.map((v) => v ?? 0))));
  const near = chart.bounds.map((each) => each.value).filter((each) => each < 2 * highest);
  const top = Math.max(highest, ...near) * 1.08 || 1;
  return chart.unit === "ratio" ? Math.max(top, 1) : top;
}

const timeChart = (test, chart, key) => lineChart(chart, middles(test.edges), overTime(test, test.edges, key));

// One line for each of the chart's, over places on an axis that `shared` describes.
function lineChart(chart, places, shared) {
  const format = UNITS[chart.unit];
  const top = heightOf(chart);
  const options = {
    ...shared,
    scales: { ...shared.scales, y: { range: [-top / 60, top] } },
    axes: [shared.x, axis(format, { size: 66 })],
    series: [shared.xSeries, ...chart.lines.map((line, at) => ({
      label: line.name,
      stroke: () => colour(line.dashed ? "ink" : `line-${(at % 8) + 1}`),
      width: 1.75,
      dash: line.dashed ? [5, 4] : [],
      points: { show: shared.few },
      value: (u, value) => (value == null ? "–" : format(value)),
    }))],
    hooks: { drawClear: [shared.shade], draw: [(u) => boundsOf(u, chart), (u) => stretchesOf(u, chart), ...(shared.over ? [shared.over] : [])] },
  };
  const said = chart.lines.map((line) => {
    const values = line.values.filter((value) => value != null);
    return values.length ? `${line.name} from ${format(Math.min(...values))} to ${format(Math.max(...values))}` : `${line.name}: nothing`;
  });
  const data = [places, ...chart.lines.map((line) => line.values)];
  return { title: chart.title, said: said.join("; "), options, data };
}

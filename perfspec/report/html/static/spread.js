// The distribution of latencies in the judged seconds: a histogram and a percentile curve.

const still = { height: 220, width: 400, padding: [10, 26, 0, 0] };
const percentile = (odds) => `${significant(100 * (1 - 1 / odds), 8)} %`;

const tens = (u, marks) => marks.map((mark) => (Number.isInteger(Math.log10(mark)) ? mark : null));

function histogramChart({ edges, counts }) {
  const options = {
    ...still,
    cursor: { drag: { x: false, y: false }, y: false },
    scales: { x: { time: false, distr: 3, range: [edges[0], edges.at(-1)] }, y: { range: [0, Math.max(...counts) * 1.08] } },
    axes: [axis(latency, { size: 30, splits: decades, filter: (u, marks) => marks }), axis(count, { size: 66 })],
    series: [
      { label: "latency", value: (u, value, series, at) => (at == null || at >= counts.length ? "–" : `${latency(edges[at])} to ${latency(edges[at + 1])}`) },
      {
        label: "requests",
        stroke: () => colour("line-1"),
        fill: () => colour("ramp"),
        width: 1.5,
        paths: uPlot.paths.stepped({ align: 1 }),
        points: { show: false },
        value: (u, value) => (value == null ? "–" : count(value)),
      },
    ],
  };
  const peak = counts.indexOf(Math.max(...counts));
  const said = `most requests took ${latency(edges[peak])} to ${latency(edges[peak + 1])}`;
  return { title: "Histogram of the judged latencies", said, options, data: [edges, [...counts, 0]] };
}

function percentileChart({ curve }) {
  const odds = curve.map(([each]) => each);
  const values = curve.map(([, each]) => each);
  const options = {
    ...still,
    cursor: { drag: { x: false, y: false }, y: false },
    scales: { x: { time: false, distr: 3, range: [1, Math.max(odds.at(-1), 10)] }, y: { range: [0, Math.max(...values) * 1.08] } },
    axes: [axis(percentile, { size: 30, splits: decades, filter: tens }), axis(latency, { size: 66 })],
    series: [
      { label: "percentile", value: (u, value) => (value == null ? "–" : percentile(value)) },
      { label: "latency", stroke: () => colour("line-2"), width: 1.75, points: { show: false }, value: (u, value) => (value == null ? "–" : latency(value)) },
    ],
  };
  const said = `from ${latency(values[0])} to ${latency(values.at(-1))}`;
  return { title: "Percentiles of the judged latencies", said, options, data: [odds, values] };
}

// One value for each level of a capacity test; those that broke are points of their own.
function ladderChart(levels, chart) {
  const [low, high] = [levels[0], levels.at(-1)];
  const pad = (high - low) * 0.04;
  const found = lineChart(chart, levels, {
    ...still,
    cursor: { drag: { x: false, y: false }, y: false },
    scales: { x: { time: false, range: [low - pad, high + pad] } },
    x: axis(count, { size: 30, space: 50 }),
    xSeries: { label: "users", value: (u, value) => (value == null ? "–" : count(value)) },
    shade: () => {},
    few: true,
  });
  const broken = found.options.series[2];
  broken.stroke = () => colour("bad");
  broken.points = { show: true, size: 9, fill: () => colour("bad") };
  return found;
}

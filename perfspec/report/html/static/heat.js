// How many requests took how long, by time: the more there are, the stronger the colour.

function heatChart(test, heat, key) {
  const shared = overTime(test, test.heat_edges, key);
  const totals = heat.cells.map(([, ...counts]) => counts.reduce((sum, each) => sum + each, 0));
  const options = {
    ...shared,
    height: 200,
    scales: { ...shared.scales, y: { distr: 3, range: [heat.edges[0], heat.edges.at(-1)] } },
    axes: [shared.x, axis(latency, { size: 66, splits: decades, filter: (u, marks) => marks })],
    series: [shared.xSeries, {
      label: "requests",
      stroke: () => colour("heat"),
      paths: () => null,
      points: { show: false },
      value: (u, value, series, at) => (at == null ? "–" : count(totals[at])),
    }],
    hooks: { drawClear: [shared.shade], draw: [(u) => cells(u, test.heat_edges, heat)] },
  };
  options.cursor = { ...shared.cursor, points: { show: false } };
  const data = [middles(test.heat_edges), test.heat_edges.slice(1).map(() => heat.edges[0])];
  const said = `latencies from ${latency(heat.edges[0])} to ${latency(heat.edges.at(-1))}`;
  return { title: "Latency by time: the stronger the colour, the more requests", said, options, data };
}

function cells(u, edges, heat) {
  const most = Math.max(...heat.cells.flatMap(([, ...counts]) => counts));
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  u.ctx.fillStyle = colour("heat");
  heat.cells.forEach(([first, ...counts], column) => {
    const from = Math.round(u.valToPos(edges[column], "x", true));
    const to = Math.round(u.valToPos(edges[column + 1], "x", true));
    counts.forEach((n, at) => {
      if (!n) return;
      const high = Math.round(u.valToPos(heat.edges[first + at + 1], "y", true));
      const low = Math.round(u.valToPos(heat.edges[first + at], "y", true));
      u.ctx.globalAlpha = 0.12 + 0.88 * Math.log1p(n) / Math.log1p(most);
      u.ctx.fillRect(from, high, to - from, low - high);
    });
  });
  u.ctx.restore();
}

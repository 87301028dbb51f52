// Lines over the runs of a history: steps marked, runs on other machines shaded.

const MARKS = { slower: "bad", faster: "good", accepted: "open", plan: "quiet" };

function overRuns(history, key, marks) {
  const last = history.runs.length - 1;
  const day = (at) => (Number.isInteger(at) && history.runs[at] ? history.runs[at][0].slice(0, 10) : "");
  return {
    height: 190,
    width: 600,
    padding: [14, 26, 0, 0],
    cursor: {
      sync: { key, scales: ["x", null] },
      drag: { x: true, y: false, dist: 4 },
      y: false,
      points: { size: 7 },
    },
    scales: { x: { time: false, range: (u, low, high) => ((low === 0 && high === last) || !last ? [-0.5, last + 0.5] : [low, high]) } },
    x: axis(day, { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], space: 100, size: 30 }),
    xSeries: { label: "run", value: (u, value, series, at) => (at == null ? "–" : `${history.runs[at].slice(0, 2).join(", ")}, machine ${history.runs[at][2]}`) },
    shade: (u) => away(u, history.away),
    over: (u) => marked(u, marks),
    few: last < 40,
  };
}

function away(u, spans) {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.fillStyle = colour("ramp");
  for (const [first, end] of spans) {
    const from = Math.max(u.valToPos(first - 0.5, "x", true), left);
    const to = Math.min(u.valToPos(end - 0.5, "x", true), left + width);
    if (to > from) u.ctx.fillRect(from, top, to - from, height);
  }
  u.ctx.restore();
}

// A line before the first run after a step; words where there is room for them.
function marked(u, marks) {
  const { left, top, width, height } = u.bbox;
  const pixel = devicePixelRatio;
  let free = -Infinity;
  u.ctx.save();
  u.ctx.font = `${11 * pixel}px system-ui, sans-serif`;
  u.ctx.textAlign = "left";
  u.ctx.lineWidth = 1.25 * pixel;
  for (const { at, kind, label } of marks) {
    const x = u.valToPos(at - 0.5, "x", true);
    if (x < left || x > left + width) continue;
    u.ctx.strokeStyle = u.ctx.fillStyle = colour(MARKS[kind]);
    u.ctx.setLineDash(kind === "slower" || kind === "faster" ? [] : [4 * pixel, 3 * pixel]);
    u.ctx.beginPath();
    u.ctx.moveTo(x, top);
    u.ctx.lineTo(x, top + height);
    u.ctx.stroke();
    const wide = u.ctx.measureText(label).width;
    if (x < free || x + wide > left + width + 20 * pixel) continue;
    u.ctx.fillText(label, x, top - 3 * pixel);
    free = x + wide + 6 * pixel;
  }
  u.ctx.restore();
}

function trendCharts(history, subject) {
  const marks = [...subject.marks].sort((a, b) => a.at - b.at);
  const runs = history.runs.map((_, at) => at);
  return subject.charts.map((chart) => lineChart(chart, runs, overRuns(history, history.test, marks)));
}

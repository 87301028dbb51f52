// Artillery's Socket.IO engine at the same work as locust_talk.py.
//
// Its own steps cannot keep a pace: they begin with the answer to the one before, and `think` counts
// whole milliseconds from there. So one function speaks on an absolute clock and keeps the times;
// connecting, parsing and the socket are Artillery's.
"use strict";

const EVERY_MS = 32;
const AUDIO = Buffer.alloc(1024);
const USERS = Number(process.env.BENCH_USERS);
const WARM_MS = 1000 * Number(process.env.BENCH_WARM);
const MEASURED_MS = 1000 * Number(process.env.BENCH_SECONDS);
const latencies = [];
const lateness = [];
let users = 0;
let begin = Infinity;
let end = Infinity;

function speak(context, _events, done) {
  users += 1;
  if (users === USERS) watch();
  const socket = context.sockets[""];
  const sent = new Map();
  socket.on("chunk_ack", ({ seq }) => {
    const due = sent.get(seq);
    sent.delete(seq);
    if (isMeasured(due)) latencies.push(performance.now() - due);
  });
  const start = performance.now();
  let seq = 0;
  function tick() {
    for (;;) {
      const due = start + seq * EVERY_MS;
      const late = performance.now() - due;
      if (late < 0) return setTimeout(tick, Math.ceil(-late));
      if (due > end) return done();
      if (isMeasured(due)) lateness.push(late);
      sent.set(seq, due);
      socket.emit("audio_chunk", { seq, audio: AUDIO });
      seq += 1;
    }
  }
  tick();
}

// What is measured begins when all users have been connected for a while.
function watch() {
  let before;
  begin = performance.now() + WARM_MS;
  end = begin + MEASURED_MS;
  setTimeout(() => (before = process.cpuUsage()), WARM_MS);
  setTimeout(() => tell(process.cpuUsage(before)), WARM_MS + MEASURED_MS);
}

function isMeasured(due) {
  return begin <= due && due < end;
}

function tell(used) {
  const found = {
    messages: latencies.length,
    cpu: (used.user + used.system) / 1000 / MEASURED_MS,
    ack_p50_ms: middle(latencies, 0.5),
    ack_p99_ms: middle(latencies, 0.99),
    late_p99_ms: middle(lateness, 0.99),
  };
  console.log(JSON.stringify(found));
}

function middle(values, share) {
  return values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
}

module.exports = { speak };

// Numbers and colours as the rest of the page has them (perfspec/units.py).

const significant = (value, digits = 3) => String(Number(value.toPrecision(digits)));
const count = (value) => (value >= 100 || Number.isInteger(value)
  ? Math.round(value).toLocaleString("en-US") : significant(value));

function latency(ms) {
  if (ms >= 1000) return `${ms < 100000 ? significant(ms / 1000) : Math.round(ms / 1000)} s`;
  return `${ms >= 100 ? Math.round(ms) : significant(ms)} ms`;
}

function duration(seconds) {
  if (seconds < 60) return `${significant(seconds)}s`;
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 3600), "h"], [Math.floor(whole / 60) % 60, "m"], [whole % 60, "s"]];
  return parts.filter(([number]) => number).map(([number, unit]) => number + unit).join("");
}

function size(bytes) {
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), 3);
  return `${significant(bytes / 1000 ** power)} ${["B", "KB", "MB", "GB"][power]}`;
}

const UNITS = {
  ms: latency,
  per_s: (value) => `${count(value)}/s`,
  ratio: (value) => `${significant(value * 100, 4)}%`,
  share: (value) => `${significant(value * 100)}%`,
  count,
  bytes: size,
  bytes_per_s: (value) => `${size(value)}/s`,
};

// What `light-dark()` comes to is known only to an element that wears it.
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
function colour(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** `350 ms`, `3s`, `3m 42s`, `2h 05m`, `3d 4h`: the words of the command line. */
export function duration(milliseconds: number): string {
  const all = Math.max(0, Math.floor(milliseconds));
  const seconds = Math.floor(all / 1000);
  if (seconds === 0) return `${all} ms`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${two(minutes % 60)}m`;
  return minutes > 0 ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
}

/** The same for something that goes on: it ticks in whole seconds. */
export function ticking(milliseconds: number): string {
  return milliseconds < 1000 ? "0s" : duration(milliseconds);
}

/** `14:32:03`, local time. */
export function clock(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `14:32`, local time. */
export function hour(at: number): string {
  return clock(at).slice(0, 5);
}

/** `2026-11-21 14:32:03 GMT+1`, for tooltips. */
export function stamp(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = /\(?(GMT[^ )]*|UTC[^ )]*)/.exec(date.toString())?.[1] ?? "";
  return `${day} ${clock(at)} ${zone}`.trim();
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

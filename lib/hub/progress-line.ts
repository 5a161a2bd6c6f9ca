import type { DownloadProgress } from './meter.js';

/** A download on one line without a line end: "model.onnx · 12 MB of 352 MB (3 %) · 4.2 MB/s · 1 min 21 s left". */
export function progressLine({
  path,
  doneBytes,
  totalBytes,
  bytesPerSecond,
  secondsLeft,
}: DownloadProgress): string {
  const whole = totalBytes !== null && doneBytes >= totalBytes;
  const facts = [path, amount(doneBytes, totalBytes)];
  if (!whole && bytesPerSecond > 0) facts.push(`${size(bytesPerSecond)}/s`);
  if (whole) facts.push('done');
  else if (secondsLeft !== null && Number.isFinite(secondsLeft)) facts.push(`${time(secondsLeft)} left`);
  return facts.join(' · ');
}

function amount(done: number, total: number | null): string {
  if (total === null) return size(done);
  // Rounded down, because nearly all is not all; an empty file is all there.
  const share = total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;
  return `${size(done)} of ${size(total)} (${share} %)`;
}

/** Steps of 1,000, as hubs write sizes; two digits below ten. */
function size(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let scaled = bytes / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
}

function time(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.ceil(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

import { bytes, roughly } from '../words.js';
import type { DownloadProgress } from './meter.js';

/** A download on one line without a line end: "model.onnx · 12 MB of 352 MB (3 %) · 4.2 MB/s · about a minute left". */
export function progressLine({
  path,
  doneBytes,
  totalBytes,
  bytesPerSecond,
  secondsLeft,
}: DownloadProgress): string {
  const whole = totalBytes !== null && doneBytes >= totalBytes;
  const facts = [path, amount(doneBytes, totalBytes)];
  if (!whole && bytesPerSecond > 0) facts.push(`${bytes(bytesPerSecond)}/s`);
  if (whole) facts.push('done');
  else if (secondsLeft !== null && Number.isFinite(secondsLeft)) facts.push(`${roughly(secondsLeft)} left`);
  return facts.join(' · ');
}

function amount(done: number, total: number | null): string {
  if (total === null) return bytes(done);
  // Rounded down, because nearly all is not all; an empty file is all there.
  const share = total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;
  return `${bytes(done)} of ${bytes(total)} (${share} %)`;
}

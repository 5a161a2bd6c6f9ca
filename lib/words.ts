/** Numbers as a person says them. English, because the notebooks are. */

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** (1, 'picture') → "1 picture", (3, 'picture') → "3 pictures". */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${Math.round(value) === 1 ? one : many}`;
}

/** A length of time as it is measured: "12 ms", "4.2 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${count(large)} ${largeUnit} ${small} ${smallUnit}` : `${count(large)} ${largeUnit}`;
}

/** A guess at a length of time, rounded as a guess should be: "a few seconds", "about 3 minutes". */
export function roughly(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return 'unknown';
  if (seconds < 1) return 'less than a second';
  if (seconds < 8) return 'a few seconds';
  if (seconds < 50) return `about ${Math.round(seconds / 5) * 5} seconds`;
  if (seconds < 90) return 'about a minute';
  if (seconds < 50 * 60) return `about ${counted(seconds / 60, 'minute')}`;
  if (seconds < 90 * 60) return 'about an hour';
  if (seconds < 36 * 3600) return `about ${counted(seconds / 3600, 'hour')}`;
  return `about ${counted(seconds / 86_400, 'day')}`;
}

/** 1536 → "1.5 kB"; steps of 1,000. */
export function bytes(value: number): string {
  if (value < 1000) return counted(value, 'byte');
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
}

/** Images a second: two digits that matter, "12", "4.2", "0.31". */
export function rate(value: number): string {
  if (!Number.isFinite(value) || value <= 0) return '0';
  if (value >= 9.95) return count(value);
  return value >= 0.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A share of 0..1 as "87 %"; never rounds something to nothing or nearly all to all. */
export function percent(share: number): string {
  const value = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  if (value > 0 && value < 0.01) return '< 1 %';
  return `${value < 1 ? Math.min(99, Math.round(value * 100)) : 100} %`;
}

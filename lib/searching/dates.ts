/** Days and times as a person names them, as spans of milliseconds since 1970. */

/** From the first millisecond to the last one. */
export interface TimeSpan {
  from: number;
  to: number;
}

const DAY = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * A Date, a year ('2023'), a month ('2023-05'), a day ('2023-05-17') or a time ('2023-05-17T10:30'); without a zone it is
 * taken as UTC, which is how the clock of a camera is stored. @returns undefined for everything else, also for a day
 * that no calendar has.
 */
export function timeSpan(value: unknown): TimeSpan | undefined {
  // Not instanceof: a notebook's cell may have a Date of its own.
  if (Object.prototype.toString.call(value) === '[object Date]') return instant(Number(value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return daySpan(text) ?? timeOfDay(text);
}

function daySpan(text: string): TimeSpan | undefined {
  const found = DAY.exec(text);
  if (!found) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2] ?? 1), Number(found[3] ?? 1)];
  if (!isDay(year, month, day)) return undefined;
  const next =
    found[2] === undefined
      ? utc(year + 1, 1, 1)
      : found[3] === undefined
        ? utc(year, month + 1, 1)
        : utc(year, month, day + 1);
  return { from: utc(year, month, day), to: next - 1 };
}

function timeOfDay(text: string): TimeSpan | undefined {
  const found = TIME.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  if (!isDay(year!, month!, day!) || hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const part = found[7];
  const from =
    utc(year!, month!, day!) +
    ((hour! * 60 + minute!) * 60 + second!) * 1000 +
    Number((part ?? '0').padEnd(3, '0')) -
    offset(found[8]);
  const length = found[6] === undefined ? 60_000 : part === undefined ? 1000 : 1;
  return { from, to: from + length - 1 };
}

/** "+02:00" → milliseconds. */
function offset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function instant(time: number): TimeSpan | undefined {
  return Number.isFinite(time) ? { from: time, to: time } : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(utc(year, month, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Month and day count from 1; Date.UTC alone takes the years 0 to 99 for 1900 to 1999. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

import type { Failure, IndexEstimate, IndexReport } from '../types.js';
import { bytes, count, counted, duration, rate, roughly } from '../words.js';
import { breakable, cutMiddle, type Html, html, visible } from './html.js';
import { stageBar, stageLine, stagesStyle } from './stages.js';
import { styleOf, tableStyle } from './style.js';

/** Failures that are shown one by one; the rest are counted. */
const FAILURES_SHOWN = 50;

const style = `${stagesStyle}${tableStyle}.lookbook .lookbook-report{max-width:880px}
.lookbook .lookbook-report .lookbook-head{margin:0 0 4px}
.lookbook .lookbook-figures{display:flex;flex-wrap:wrap;gap:12px 34px;margin:14px 0 18px}
.lookbook .lookbook-figures>div{display:block!important;margin:0!important}
.lookbook .lookbook-figures b{display:block;font-size:22px;font-weight:600;line-height:1.15;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.lookbook .lookbook-figures span{opacity:.68;font-size:12.5px}
.lookbook .lookbook-nought{opacity:.45}
.lookbook ul.lookbook-notes{margin:18px 0 0!important;padding:0!important;list-style:none!important}
.lookbook .lookbook-notes li{margin:0 0 6px;padding:1px 0 1px 11px;border-left:3px solid #E69F00;max-width:72ch;overflow-wrap:anywhere}
.lookbook .lookbook-part{margin:22px 0 6px;font-weight:600}
.lookbook .lookbook-report .lookbook-table td:first-child{width:48%}
`;

interface Figure {
  value: number;
  name: string;
}

/** What an index run did: figures, stages, notes, what was skipped and what failed with its reason. */
export function report(result: IndexReport): string {
  const skipped = skippedLine(result.skipped);
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-report"><div class="lookbook-head"><div class="lookbook-title"><b>${headOf(result)}</b></div></div><div class="lookbook-soft">${speedOf(result)}</div>${figuresOf(reportFigures(result))}${stageBar(result.stages)}${notesOf(result.notes)}${skipped && html`<div class="lookbook-part"><b>Left alone</b></div><div class="lookbook-soft">${skipped}</div>`}${failuresOf(result.failed)}</div></div>`
    .markup;
}

/** The same as plain lines, safe for a terminal. */
export function reportText(result: IndexReport): string {
  const skipped = skippedLine(result.skipped);
  const stages = stageLine(result.stages);
  return [
    `${headOf(result)} ${speedOf(result)}`,
    figureLine(reportFigures(result)),
    stages && `Stages: ${stages}.`,
    ...result.notes.map((note) => `Note: ${cutMiddle(visible(note), 1000)}`),
    skipped && `Left alone: ${skipped}`,
    ...failureLines(result.failed),
  ]
    .filter(Boolean)
    .join('\n');
}

/** What a run would do, before it does anything. */
export function estimate(plan: IndexEstimate): string {
  const skipped = skippedLine(plan.skipped);
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-report"><div class="lookbook-head"><div class="lookbook-title"><b>${planHead(plan)}</b></div></div><div class="lookbook-soft">${planCost(plan)}</div>${figuresOf(planFigures(plan))}${skipped && html`<div class="lookbook-soft">Left alone: ${skipped}</div>`}</div></div>`
    .markup;
}

/** The same as plain lines, safe for a terminal. */
export function estimateText(plan: IndexEstimate): string {
  const skipped = skippedLine(plan.skipped);
  return [
    `${planHead(plan)} ${planCost(plan)}`,
    figureLine(planFigures(plan)),
    skipped && `Left alone: ${skipped}`,
  ]
    .filter(Boolean)
    .join('\n');
}

function headOf(result: IndexReport): string {
  if (result.interrupted) return 'Stopped before the end; the next run goes on from here.';
  const changed = result.added + result.updated;
  if (changed) return `${counted(changed, 'picture')} indexed.`;
  if (result.failed.length) return 'No picture could be added.';
  return result.moved + result.removed > 0
    ? 'The index is up to date again.'
    : 'Nothing to do: the index is up to date.';
}

function speedOf({ seconds, imagesPerSecond }: IndexReport): string {
  return imagesPerSecond > 0
    ? `${duration(seconds)}, ${rate(imagesPerSecond)} images/s.`
    : `${duration(seconds)}.`;
}

function reportFigures(result: IndexReport): Figure[] {
  return [
    { value: result.added, name: 'added' },
    { value: result.updated, name: 'updated' },
    { value: result.moved, name: 'moved' },
    { value: result.removed, name: 'removed' },
    { value: result.kept, name: 'kept' },
    { value: result.failed.length, name: 'failed' },
    { value: result.segments, name: 'segments' },
  ];
}

function planHead({ add, update, move, remove }: IndexEstimate): string {
  const encode = add + update;
  if (encode) return `${counted(encode, 'picture')} to index.`;
  return move + remove > 0 ? 'Only moves and removals to write.' : 'Nothing to do: the index is up to date.';
}

function planCost({ bytes: size, seconds, add, update }: IndexEstimate): string {
  if (!(add + update)) return 'Nothing has to be read.';
  const time = roughly(seconds);
  return `${bytes(size)} to read, ${time === 'unknown' ? 'time unknown' : time}.`;
}

function planFigures(plan: IndexEstimate): Figure[] {
  return [
    { value: plan.add, name: 'to add' },
    { value: plan.update, name: 'to update' },
    { value: plan.move, name: 'to move' },
    { value: plan.remove, name: 'to remove' },
    { value: plan.keep, name: 'to keep' },
  ];
}

/** Inline blocks, so that they stand side by side where the style is removed. */
function figuresOf(figures: readonly Figure[]): Html {
  return html`<div class="lookbook-figures">${figures.map(({ value, name }) => html`<div class="${value ? 'lookbook-figure' : 'lookbook-nought'}" style="display:inline-block;margin:0 24px 8px 0"><b>${count(value)}</b> <span>${name}</span></div>`)}</div>`;
}

function figureLine(figures: readonly Figure[]): string {
  return figures.map(({ value, name }) => `${count(value)} ${name}`).join(' · ');
}

function notesOf(notes: readonly string[]): Html {
  if (!notes.length) return html``;
  return html`<ul class="lookbook-notes">${notes.map((note) => html`<li>${cutMiddle(note, 1000)}</li>`)}</ul>`;
}

/** "3 sidecar, 2 extension .txt", most first. */
function skippedLine(skipped: Readonly<Record<string, number>>): string {
  return Object.entries(skipped)
    .filter(([, files]) => files > 0)
    .sort(([a, filesA], [b, filesB]) => filesB - filesA || a.localeCompare(b))
    .map(([kind, files]) => `${count(files)} ${cutMiddle(visible(kind), 60)}`)
    .join(' · ');
}

function failuresOf(failed: readonly Failure[]): Html {
  if (!failed.length) return html``;
  const more = failed.length - FAILURES_SHOWN;
  const rows = failed
    .slice(0, FAILURES_SHOWN)
    .map(
      ({ path, reason }) =>
        html`<tr><td style="text-align:left"><bdi>${breakable(cutMiddle(path, 160))}</bdi></td><td style="text-align:left">${cutMiddle(reason, 300)}</td></tr>`,
    );
  return html`<div class="lookbook-part"><b>${counted(failed.length, 'picture')} could not be read</b></div><table class="lookbook-table"><thead><tr><th style="text-align:left">File</th><th style="text-align:left">Reason</th></tr></thead><tbody>${rows}</tbody></table>${more > 0 && html`<div class="lookbook-soft" style="margin-top:6px">and ${count(more)} more</div>`}`;
}

function failureLines(failed: readonly Failure[]): string[] {
  if (!failed.length) return [];
  const more = failed.length - FAILURES_SHOWN;
  const lines = failed
    .slice(0, FAILURES_SHOWN)
    .map(({ path, reason }) => `  ${cutMiddle(visible(path), 160)}: ${cutMiddle(visible(reason), 300)}`);
  return [
    `${counted(failed.length, 'picture')} could not be read:`,
    ...lines,
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

import type { IndexProgress } from '../types.js';
import { count, percent, rate, roughly } from '../words.js';
import { html } from './html.js';
import { stageBar, stagesStyle } from './stages.js';
import { styleOf } from './style.js';

const style = `${stagesStyle}
.lookbook .lookbook-progress{max-width:640px}
.lookbook .lookbook-progress .lookbook-head{margin:0 0 6px}
.lookbook .lookbook-track{height:10px!important;overflow:hidden;border-radius:5px}
.lookbook .lookbook-facts{display:flex;flex-wrap:wrap;gap:2px 18px;margin:8px 0 14px;font-variant-numeric:tabular-nums}
`;

/** How far an index run is: one bar, pictures done, speed, time left, failures, and where the time goes. */
export function progress(state: IndexProgress): string {
  const share = shareOf(state);
  const facts = factsOf(state);
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-progress"><div class="lookbook-head"><div class="lookbook-title lookbook-number"><b>${headOf(state)}</b></div><span class="lookbook-soft lookbook-number">${percent(share)}</span></div><div class="lookbook-track" style="height:10px;background-color:rgba(128,128,128,.22)"><div style="width:${(share * 100).toFixed(1)}%;height:10px;background-color:#2C7FD1"></div></div><div class="lookbook-facts">${facts.map((fact) => html`<span>${fact}</span> `)}</div>${stageBar(state.stages)}</div></div>`
    .markup;
}

/** The same for a terminal, on one line without a line end. */
export function progressLine(state: IndexProgress): string {
  return [`${headOf(state)} (${percent(shareOf(state))})`, ...factsOf(state)].join(' · ');
}

function headOf({ round, done, total }: IndexProgress): string {
  const pictures = `${count(done)} of ${count(total)} ${total === 1 ? 'picture' : 'pictures'}`;
  return round === 'segments' ? `Segments in ${pictures}` : pictures;
}

function factsOf({ done, total, failed, imagesPerSecond, secondsLeft }: IndexProgress): string[] {
  const facts: string[] = [];
  if (imagesPerSecond > 0) facts.push(`${rate(imagesPerSecond)} images/s`);
  if (done >= total) facts.push('done');
  else if (done > 0 && Number.isFinite(secondsLeft)) facts.push(`${roughly(secondsLeft)} left`);
  if (failed > 0) facts.push(`${count(failed)} failed`);
  return facts;
}

/** 0..1; nothing to do is all done. */
function shareOf({ done, total }: IndexProgress): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 1;
}

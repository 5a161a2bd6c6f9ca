import type { StageSeconds } from '../types.js';
import { duration, percent } from '../words.js';
import { type Html, html } from './html.js';
import { colourOf, dotColours } from './palette.js';

/** The stages of an index run in the order in which a picture meets them. */
export const stageNames: readonly (keyof StageSeconds)[] = ['scan', 'decode', 'segment', 'encode', 'store'];

export const stagesStyle = `
.lookbook .lookbook-stack{display:flex!important;height:6px;overflow:hidden;border-radius:3px;background:rgba(128,128,128,.2)}
.lookbook .lookbook-stack span{display:block!important;height:6px!important}
.lookbook .lookbook-key{display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0 0;font-size:12.5px}
.lookbook .lookbook-key span{white-space:nowrap}
.lookbook .lookbook-key i{opacity:.68;font-style:normal;font-variant-numeric:tabular-nums}
`;

/** Where the work went: one thin bar of shares and what its colours mean. Empty before any work was done. */
export function stageBar(stages: StageSeconds): Html {
  const spent = stageNames.filter((name) => stages[name] > 0);
  const sum = spent.reduce((total, name) => total + stages[name], 0);
  if (!(sum > 0)) return html``;
  const colour = (name: keyof StageSeconds): string => colourOf(dotColours, stageNames.indexOf(name));
  const parts = spent.map(
    (name) =>
      html`<span style="display:inline-block;width:${((stages[name] / sum) * 100).toFixed(2)}%;height:6px;background-color:${colour(name)}"></span>`,
  );
  const keys = spent.map(
    (name) =>
      html`<span><b style="color:${colour(name)}">●</b> ${name} <i>${duration(stages[name])} · ${percent(stages[name] / sum)}</i></span> `,
  );
  return html`<div class="lookbook-stack" style="font-size:0">${parts}</div><div class="lookbook-key">${keys}</div>`;
}

/** The same on one line: "scan 0.1 s · decode 2.0 s · …"; stages that took no time are left out. */
export function stageLine(stages: StageSeconds): string {
  return stageNames
    .filter((name) => stages[name] > 0)
    .map((name) => `${name} ${duration(stages[name])}`)
    .join(' · ');
}

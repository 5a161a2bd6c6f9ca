import { type Html, raw } from './html.js';

/**
 * What all outputs share. Text takes the page's own ink and lines are see-through grey, so that light and dark
 * pages of any viewer need no second set of colours. Doubled class names outweigh JupyterLab's rules for HTML.
 */
const base = `
.lookbook{color:var(--jp-content-font-color1,inherit);font-family:var(--jp-content-font-family,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif);font-size:14px;line-height:1.45;text-align:left;position:relative;margin:4px 0 8px;padding:2px}
.lookbook *{box-sizing:border-box}
.lookbook .lookbook-head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:4px 24px;margin:0 0 14px}
.lookbook .lookbook-title{font-size:17px;font-weight:600;letter-spacing:-.01em;line-height:1.3;overflow-wrap:anywhere}
.lookbook .lookbook-soft{opacity:.68;font-size:13px;overflow-wrap:anywhere}
.lookbook bdi{overflow-wrap:anywhere}
.lookbook .lookbook-number{font-variant-numeric:tabular-nums}
`;

/** Tables that look alike in every viewer. */
export const tableStyle = `
.lookbook table.lookbook-table{display:table;table-layout:auto;width:100%;margin:0;border:0;border-collapse:collapse;font-size:13px}
.lookbook .lookbook-table th,.lookbook .lookbook-table td{padding:5px 20px 5px 0;border:0;border-bottom:1px solid rgba(128,128,128,.22);background:none;text-align:left!important;vertical-align:top;white-space:normal;max-width:none;overflow-wrap:anywhere}
.lookbook .lookbook-table th{font-weight:500;opacity:.68;font-size:12.5px}
.lookbook .lookbook-table tbody tr{background:none}
`;

/** One `<style>` for an output: what is shared and what the output adds, on as few bytes as it takes. */
export function styleOf(own: string): Html {
  return raw(`<style>${`${base}${own}`.replace(/\n\s*/g, '')}</style>`);
}

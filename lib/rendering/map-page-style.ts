/** The style of a map's page. Ink and paper are the browser's own, light or dark; lines are see-through grey. */
export function mapPageStyle(sprite: string): string {
  return `
:root{color-scheme:light dark}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;min-height:100vh;background:Canvas;color:CanvasText;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header{padding:14px 22px 4px}
h1{margin:0;font-size:19px;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{margin:0;font-size:16px;font-weight:600}
p{margin:0;font-size:13px;opacity:.75}
bdi{unicode-bidi:plaintext;overflow-wrap:anywhere}
button,select,input,textarea{font:inherit;font-size:13.5px;color:inherit}
button,select,input[type=search]{padding:3px 10px;border:1px solid rgba(128,128,128,.55);border-radius:6px;background:Canvas}
:focus-visible{outline:2px solid #2C7FD1;outline-offset:2px}
.live .still,.bar,#groups,#stage{display:none}
.live .bar,.live #groups{display:flex;flex-wrap:wrap;align-items:center;gap:6px 18px;padding:6px 22px}
.live #stage{display:block;position:relative;height:70vh;min-height:340px;margin:0 14px;outline-offset:-2px}
.bar label{display:inline-flex;align-items:center;gap:6px}
fieldset{display:flex;gap:12px;margin:0;padding:0;border:0}
#found{min-width:6.5em}
.live #groups{gap:4px 8px}
#groups button{display:inline-flex;align-items:baseline;gap:6px;border-color:rgba(128,128,128,.35);text-align:left}
#groups button[aria-pressed=false]{text-decoration:line-through;border-style:dashed}
#groups button[aria-pressed=false] b{visibility:hidden}
#groups i{opacity:.75;font-style:normal;font-variant-numeric:tabular-nums}
#cloud{position:absolute;left:0;top:0}
#map{position:absolute;inset:0}
.over .nsewdrag{cursor:pointer!important}
#reached{position:absolute;border:2px solid;border-radius:50%;pointer-events:none}
#near{position:absolute;inset:0;overflow:hidden;pointer-events:none}
#near i{position:absolute;border:2px solid Canvas;border-radius:6px}
.tile{display:block;background-repeat:no-repeat;background-color:#fff${sprite ? `;background-image:url(${sprite})` : ''}}
#tip{position:fixed;z-index:9;max-width:300px;padding:6px;border:1px solid rgba(128,128,128,.4);border-radius:8px;background:Canvas;box-shadow:0 4px 16px rgba(0,0,0,.3);font-size:12.5px;line-height:1.35;pointer-events:none}
#tip bdi{display:block}
#tip .tile{margin:0 auto 4px;border-radius:4px}
#chosen{padding:10px 22px 24px}
#chosen>div{display:flex;flex-wrap:wrap;align-items:center;gap:6px 12px;margin-bottom:8px}
#paths{display:block;width:100%;height:9em;padding:8px;border:1px solid rgba(128,128,128,.55);border-radius:6px;background:Canvas;font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre}
#gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:12px;margin:14px 0 8px;padding:0;list-style:none}
#gallery li{font-size:12px;line-height:1.3}
#gallery i{width:96px;height:96px;margin-bottom:4px;border-radius:6px}
#said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.still{margin:8px 22px}
.still img{max-width:100%;height:auto}
.legend{display:flex;flex-wrap:wrap;gap:3px 20px;font-size:13px}
.legend i{opacity:.75;font-style:normal}`.replace(/\n/g, '');
}
